import LinkCore
import LinkKafka
import LinkSandbox
import LinkTestSupport
import Testing

extension EndToEnd {
  /// On a Kafka that asks who one is, and allows nothing that no rule allows.
  @Suite struct PermissionTests {
    @Test(
      "A stranger is told all that is missing at once, with the rule for each; the worker ends with 77 at the first")
    func stranger() throws {
      let guarded = try Guarded.shared.get()
      let deployment = try guarded.deployment(guarded.kafka.passwordSettings("stranger"))
      let outcome = try deployment.run(["config", "check", "--connect"])
      #expect(outcome.code == 77)
      for rule in guarded.rules(deployment) {
        let missing = outcome.problems.filter { $0.hasPrefix("permission: \(rule.inWords) is missing") }
        #expect(missing.count == 1, "\(rule): \(outcome.outputText)")
        #expect(
          missing.first?.contains("--allow-principal 'User:stranger' --operation \(rule.operation.rawValue)") == true)
      }
      #expect(outcome.problems.count { $0.hasPrefix("permission: ") } == 12)
      guarded.expectNoSecret(in: outcome)

      let start = try deployment.startWorker().program.end()
      #expect(start.code == 77)
      for words in ["Topic authorization failed", "allow the worker's principal", "config check --connect"] {
        #expect(start.errorText.contains(words), "\(start.errorText)")
      }
      guarded.expectNoSecret(in: start)
    }

    @Test("submit --wait without Read on the outcomes sends nothing, ends with 77 and says what it needs")
    func submission() throws {
      let guarded = try Guarded.shared.get()
      let deployment = try guarded.deployment(guarded.kafka.passwordSettings())
      // A worker writes outcomes and does not read them.
      try guarded.kafka.allow(guarded.rules(deployment), to: "User:worker")
      let request = ["submit", "--user", "5", "--broker", "b", "--all-accounts"]
      let waiting = try deployment.run(request + ["--wait"])
      #expect(waiting.code == 77 && waiting.output.isEmpty, "\(waiting.outputText)")
      #expect(waiting.errorText.contains("topic \(deployment.topic(.outcomes)): "), "\(waiting.errorText)")
      #expect(waiting.errorText.contains("for --wait, Describe and Read on the outcomes and the state topic"))
      let plain = try deployment.run(request)
      #expect(plain.code == 0 && plain.outputText.contains("offset 0"), "\(plain.outputText)\(plain.errorText)")
    }

    @Test(
      "audit needs Read on the four topics and Describe on the group; without one of them it ends with 77 and says so")
    func audit() throws {
      let guarded = try Guarded.shared.get()
      let deployment = try guarded.deployment(guarded.kafka.passwordSettings())
      let rules =
        TopicRole.allCases.map { AccessRule(.topic, deployment.topic($0), .read) }
        + [AccessRule(.group, deployment.group, .describe)]
      try guarded.kafka.allow(rules, to: "User:worker")
      #expect(try deployment.audit().isClean)
      for missing in rules {
        try guarded.kafka.forbid([missing], to: "User:worker")
        let outcome = try deployment.run(["audit"])
        #expect(outcome.code == 77 && outcome.output.isEmpty, "\(missing): \(outcome.errorText)")
        #expect(outcome.errorText.contains("Read on the four topics, and Describe on the group"))
        guarded.expectNoSecret(in: outcome)
        try guarded.kafka.allow([missing], to: "User:worker")
      }
    }

    @Test(
      "links needs Read on the state topic alone; dead-letters Read on its own, and to send again Read and Write on requests"
    )
    func lookers() throws {
      let guarded = try Guarded.shared.get()
      let deployment = try guarded.deployment(guarded.kafka.passwordSettings())
      let commands: [(words: [String], rules: [AccessRule], hint: String)] = [
        (["links", "stats"], [AccessRule(.topic, deployment.topic(.state), .read)], "Read on the state topic"),
        (
          ["dead-letters", "list"], [AccessRule(.topic, deployment.topic(.deadLetters), .read)],
          "Read on the dead-letter topic"
        ),
        (
          ["dead-letters", "resubmit", "--yes"],
          [
            AccessRule(.topic, deployment.topic(.deadLetters), .read),
            AccessRule(.topic, deployment.topic(.requests), .read),
          ], "Read on the dead-letter topic, and Read and Write on the requests topic"
        ),
      ]
      for command in commands {
        let refused = try deployment.run(command.words)
        #expect(
          refused.code == 77 && refused.errorText.contains(command.hint), "\(command.words): \(refused.errorText)")
        guarded.expectNoSecret(in: refused)
        try guarded.kafka.allow(command.rules, to: "User:worker")
        let allowed = try deployment.run(command.words)
        #expect(allowed.code == 0, "\(command.words): \(allowed.errorText)")
        try guarded.kafka.forbid(command.rules, to: "User:worker")
      }
    }

    @Test("Each rule that is missing is named by its operation, resource and name, and no other is")
    func oneLess() throws {
      let guarded = try Guarded.shared.get()
      let deployment = try guarded.deployment(guarded.kafka.passwordSettings())
      let rules = guarded.rules(deployment)
      try guarded.kafka.allow(rules, to: "User:worker")
      let whole = try deployment.run(["config", "check", "--connect"])
      #expect(whole.problems.allSatisfy { $0.hasPrefix("adapter: ") } && whole.code == 69, "\(whole.outputText)")

      // Four at a time, of different resources: that each is named shows that none hides behind another.
      let sets = [[0, 4, 6, 10], [1, 5, 9, 11], [2, 7, 3, 8]].map { $0.map { rules[$0] } }
      #expect(Set(sets.flatMap(\.self)) == Set(rules))
      for missing in sets {
        try guarded.kafka.forbid(missing, to: "User:worker")
        let outcome = try deployment.run(["config", "check", "--connect"])
        #expect(outcome.code == 77)
        let named = outcome.problems.filter { $0.hasPrefix("permission: ") }
        #expect(named.count == missing.count, "\(outcome.outputText)")
        for rule in missing {
          #expect(named.contains { $0.hasPrefix("permission: \(rule.inWords) is missing: it is needed ") }, "\(rule)")
        }
        try guarded.kafka.allow(missing, to: "User:worker")
      }
    }

    @Test(
      "Under the rules of deploy/kafka-acls.sh a worker with a client certificate does all of its work, moves and dead letters included"
    )
    func certificate() throws {
      let guarded = try Guarded.shared.get()
      let emulator = try AdapterEmulator(forDeploymentWith: { _ in })
      defer { emulator.stop() }
      let deployment = try guarded.deployment(
        guarded.kafka.certificateSettings().merging(["adapter.url": emulator.baseURL]) { $1 })
      try guarded.allowByScript("User:CN=worker", deployment)
      try guarded.expectWork(of: deployment, emulator)
    }

    @Test("With a password over TLS a worker does all of its work under the least rules")
    func password() throws {
      let guarded = try Guarded.shared.get()
      let emulator = try AdapterEmulator(forDeploymentWith: { _ in })
      defer { emulator.stop() }
      let deployment = try guarded.deployment(
        guarded.kafka.passwordSettings().merging(["adapter.url": emulator.baseURL]) { $1 })
      try guarded.kafka.allow(guarded.rules(deployment), to: "User:worker")
      try guarded.expectWork(of: deployment, emulator)
    }

    @Test("Who may not join the group, or not have the transactional id, ends with 77 and is told which")
    func start() throws {
      let guarded = try Guarded.shared.get()
      let deployment = try guarded.deployment(guarded.kafka.passwordSettings())
      let rules = guarded.rules(deployment)
      for (resource, words) in [
        (AccessRule.Resource.group, ["Group authorization failed", "Read the consumer group"]),
        (.transactionalID, ["Transactional Id authorization failed", "Write the transactional id"]),
      ] {
        try guarded.kafka.allow(
          rules.filter { $0.resource != resource && $0.resource != .transactionalID }, to: "User:worker")
        let outcome = try deployment.startWorker().program.end()
        #expect(outcome.code == 77, "\(outcome.errorText)")
        for word in words + ["Try: "] { #expect(outcome.errorText.contains(word), "\(outcome.errorText)") }
        guarded.expectNoSecret(in: outcome)
      }
    }
  }
}

/// The Kafka with access rules that these suites share.
struct Guarded: Sendable {
  static let shared = Result { try Guarded(kafka: SecureKafka.shared) }

  let kafka: SecureKafka

  /// Topics and files; nobody is allowed anything yet.
  func deployment(_ settings: [String: String]) throws -> Deployment {
    let deployment = try Deployment(
      kafka: kafka.kafka, adapterURL: "http://127.0.0.1:1", partitions: 2, settings: settings, makesTopics: false)
    let topics = try deployment.run(["topics", "create", "--partitions", "2"], with: Self.administrator(kafka))
    guard topics.code == 0 else { throw Missing("The topics: \(topics.errorText)") }
    return deployment
  }

  /// Settings by which a command may do everything.
  static func administrator(_ kafka: SecureKafka) -> [String: String] {
    ["kafka.bootstrap.servers": kafka.kafka.bootstrap, "kafka.security.protocol": "PLAINTEXT"]
  }

  /// The rules that a deployment needs.
  func rules(_ deployment: Deployment) -> [AccessRule] {
    AccessRule.least(
      topics: Dictionary(uniqueKeysWithValues: TopicRole.allCases.map { ($0, deployment.topic($0)) }),
      group: deployment.group)
  }

  /// Allows a principal what `deploy/kafka-acls.sh` says.
  func allowByScript(_ principal: String, _ deployment: Deployment) throws {
    guard let distribution = KafkaDistribution.fromEnvironment else { throw Missing("KAFKA_HOME") }
    let tool = try deployment.scratch.write(
      "kafka-acls",
      "exec '\(distribution.java)' -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp '\(distribution.classPath)' "
        + "\(TestKafka.accessRuleTool) \"$@\"\n")
    let shell = try deployment.scratch.write("kafka-acls.sh", "#!/bin/sh\n. '\(tool)'\n")
    let root = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
    var arguments = ["bash", root + "/deploy/kafka-acls.sh", "--principal", principal, "--group", deployment.group]
    for role in TopicRole.allCases { arguments += ["--\(role.rawValue)", deployment.topic(role)] }
    let outcome = try RunningProgram.run(
      ["sh", "-c", "chmod +x \"$KAFKA_ACLS\" && exec \"$@\"", "sh"] + arguments
        + ["--", "--bootstrap-server", kafka.kafka.bootstrap], environment: ["KAFKA_ACLS": shell])
    guard outcome.code == 0 else { throw Missing("The rules: \(outcome.outputText)\(outcome.errorText)") }
  }

  /// A worker takes requests, one of which is not at home and one of which is none, and ends them; nothing of it shows a secret.
  func expectWork(of deployment: Deployment, _ emulator: AdapterEmulator) throws {
    let check = try deployment.run(["config", "check", "--connect"])
    #expect(check.code == 0, "\(check.outputText)")
    let worker = try deployment.startWorker(["log.level": "debug"])
    let requests = (1...20).map {
      RequestEvent(id: "r\($0)", userID: Int64($0), idempotencyKey: "k\($0)", accounts: [Int64($0)])
    }
    // kcat's own partitioner puts half of them where they do not belong.
    try deployment.produce(
      lines: requests.map { (String($0.userID), $0.structured) }, ["-X", "partitioner=consistent"])
    try deployment.produce("{\"not\": \"an event\"}", key: "1")
    try deployment.awaitOutcomes(requests.count, worker: worker)
    try deployment.awaitNoLag(worker: worker)
    #expect(try deployment.records(.deadLetters).count == 1)
    let moved = try deployment.records(.requests).count - requests.count - 1
    #expect(moved > 0, "some were moved home")
    #expect(emulator.stats.calls == requests.count)
    let running = try deployment.run(["config", "check", "--connect"])
    #expect(running.code == 0 && running.outputText.contains("is held by a worker that runs"), "\(running.outputText)")
    #expect(worker.program.isRunning)
    let stopped = try worker.stop()
    #expect(stopped.code == 0)
    #expect(worker.log("credential").isEmpty)
    for outcome in [check, running, stopped] { expectNoSecret(in: outcome) }
  }

  /// Neither the password, nor that of the key, nor the adapter's credential.
  func expectNoSecret(in outcome: RunningProgram.Outcome, _ source: SourceLocation = #_sourceLocation) {
    for secret in [SecureKafka.password, SecureKafka.keyPassword, Deployment.credential] {
      #expect(!outcome.outputText.contains(secret) && !outcome.errorText.contains(secret), sourceLocation: source)
    }
  }
}

extension RunningProgram.Outcome {
  /// What `config check` calls a problem.
  var problems: [String] {
    outputText.split(separator: "\n").filter { $0.hasPrefix("problem ") }.map { String($0.dropFirst(8)) }
  }
}

extension AccessRule {
  /// As `config check` names it.
  var inWords: String {
    switch resource {
    case .topic: "\(operation.rawValue) on topic \(name)"
    case .group: "\(operation.rawValue) on group \(name)"
    case .transactionalID: "\(operation.rawValue) on transactional ids that begin with \(name)"
    }
  }
}
