import LinkCore
import LinkKafka
import LinkSandbox
import LinkTestSupport
import Testing

extension EndToEnd {
  /// Starts on a Kafka that asks who one is, and allows nothing that is not allowed.
  @Suite struct PermissionTests {
    @Test("Who may not do what the worker needs ends with 77, and is told what to allow; a wrong password, whose it is")
    func permissions() throws {
      let kafka = try GuardedKafka()
      let deployment = try kafka.deployment()
      let topics = try deployment.run(["topics", "create", "--partitions", "2"], with: try kafka.administrator)
      #expect(topics.code == 0, "\(topics.errorText)")

      expect(
        try start(deployment, ["kafka.sasl.password.file": deployment.scratch["wrong"]]),
        [
          "Authentication failed", "kafka.sasl.username",
        ])
      expect(try start(deployment), ["Topic authorization failed", "allow the worker's principal", "topic"])
      for role in TopicRole.allCases {
        let isRead = role == .requests || role == .state
        try kafka.allow(
          ["Write", "Describe", "DescribeConfigs"] + (isRead ? ["Read"] : []), ["--topic", deployment.topic(role)])
      }
      expect(try start(deployment), ["Group authorization failed", "Read the consumer group"])
      try kafka.allow(["Read", "Describe"], ["--group", deployment.group])
      expect(try start(deployment), ["Transactional Id authorization failed", "Write and Describe"])
      try kafka.allow(
        ["Write", "Describe"], ["--transactional-id", deployment.group, "--resource-pattern-type", "prefixed"])

      let worker = try deployment.startWorker()
      try worker.awaitLog("lane.opened")
      let stopped = try worker.stop()
      #expect(stopped.code == 0)
      #expect(!stopped.errorText.contains(GuardedKafka.password))
    }

    /// It says once what it may not, to a person before it runs and in the log afterwards.
    private func expect(
      _ outcome: RunningProgram.Outcome, _ words: [String], _ source: SourceLocation = #_sourceLocation
    ) {
      #expect(outcome.code == 77, "\(outcome.errorText)", sourceLocation: source)
      let lines = outcome.errorText.split(separator: "\n").filter {
        $0.hasPrefix("linkworker: ") || $0.contains(#""level":"error""#)
      }
      #expect(lines.count == 1, "\(outcome.errorText)", sourceLocation: source)
      for word in words + ["Try: "] {
        #expect(lines.first?.contains(word) == true, "\(lines)", sourceLocation: source)
      }
      #expect(!outcome.errorText.contains(GuardedKafka.password), sourceLocation: source)
    }

    private func start(_ deployment: Deployment, _ more: [String: String] = [:]) throws -> RunningProgram.Outcome {
      let began = uptime()
      let outcome = try deployment.startWorker(more).program.end(within: 40)
      #expect(uptime() - began < 20)
      return outcome
    }
  }
}

/// A Kafka with passwords and access rules.
private struct GuardedKafka {
  let kafka: RealKafka
  private let scratch = Result { try Scratch() }

  static let password = "canary-password-4711"

  init() throws {
    let users = ["admin": "canary-admin-4711", "worker": Self.password].sorted { $0.key < $1.key }
    let jaas =
      "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"admin\" password=\"canary-admin-4711\" "
      + users.map { "user_\($0.key)=\"\($0.value)\"" }.joined(separator: " ") + ";"
    kafka = try TestKafka.start(extra: [
      "listener.security.protocol.map": "PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
      "sasl.enabled.mechanisms": "PLAIN", "sasl.mechanism.inter.broker.protocol": "PLAIN",
      "listener.name.plaintext.plain.sasl.jaas.config": jaas,
      "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
      "super.users": "User:admin;User:ANONYMOUS",
    ])
    try scratch.get().write(
      "admin.properties",
      """
      security.protocol=SASL_PLAINTEXT
      sasl.mechanism=PLAIN
      sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="canary-admin-4711";
      """)
  }

  /// A deployment whose worker is a user without any right.
  func deployment() throws -> Deployment {
    let deployment = try Deployment(
      kafka: kafka, adapterURL: "http://127.0.0.1:1",
      settings: [
        "kafka.security.protocol": "SASL_PLAINTEXT", "kafka.sasl.mechanism": "PLAIN", "kafka.sasl.username": "worker",
        "kafka.sasl.password.file": scratch.get().write("password", Self.password + "\n"),
      ], makesTopics: false)
    try deployment.scratch.write("wrong", Self.password + "-not\n")
    return deployment
  }

  /// Settings by which a command may do everything.
  var administrator: [String: String] {
    get throws {
      let file = try scratch.get().write("admin-password", "canary-admin-4711\n")
      return ["kafka.sasl.username": "admin", "kafka.sasl.password.file": file]
    }
  }

  /// Allows the worker these operations.
  func allow(_ operations: [String], _ resource: [String]) throws {
    let outcome = try TestKafka.runTool(
      [
        "org.apache.kafka.tools.AclCommand", "--bootstrap-server", kafka.bootstrap, "--command-config",
        scratch.get()["admin.properties"], "--add", "--allow-principal", "User:worker",
      ] + operations.flatMap { ["--operation", $0] } + resource)
    guard outcome.code == 0 else { throw Missing("The permission: \(outcome.outputText)\(outcome.errorText)") }
  }
}
