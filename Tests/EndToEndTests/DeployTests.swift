import Glibc
import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

@Suite("The files to deploy with")
struct DeployTests {
  @Test(
    "Every setting in them is one that the program has",
    arguments: ["linkworker.properties", "kubernetes/linkworker.properties"])
  func settings(file: String) throws {
    let known = try RunningProgram.run([RunningProgram.linkworker, "help", "settings"]).outputText
    // Those that are commented out as well: `#name=value`, where prose has a blank after its `#`.
    let names = try DeployFiles.text(file).split(separator: "\n").map { $0.hasPrefix("#") ? $0.dropFirst() : $0 }
      .filter { !$0.hasPrefix(" ") }.compactMap { DeployFiles.assignment(String($0))?.name }
    #expect(names.count > 5)
    for name in names where !known.contains("`\(name)`") {
      // What goes to librdkafka is no row of the table.
      #expect(name.hasPrefix("kafka.ssl.") || name.hasPrefix("kafka.sasl.") || Self.passed.contains(name), "\(name)")
    }
  }

  private static let passed = ["kafka.security.protocol", "kafka.session.timeout.ms"]
}

extension EndToEnd {
  /// A worker started as each of the files starts it, on a broker and an emulator of the test's.
  @Suite struct DeployOnKafkaTests {
    @Test("The systemd unit's commands start a worker, renew its credential by the reload, and stop it in time")
    func systemd() throws {
      let site = try Site()
      defer { site.emulator.stop() }
      let scratch = site.deployment.scratch
      let service = try SystemdService(unit: "systemd/linkworker.service", in: scratch)
      try scratch.write("etc/linkworker.properties", try site.settings(from: "linkworker.properties"))
      chmod(scratch["etc/linkworker.properties"], 0o644)
      try scratch.write("etc/adapter-credential", Deployment.credential + "\n")
      try scratch.write("etc/kafka-password", "not asked for by this broker\n")
      try service.loadCredentials()
      try service.runAll("ExecStartPre")
      let worker = try service.start()
      try site.serve("before", worker)

      site.emulator.setCredential(Secret(Array("the-next-credential".utf8)))
      try scratch.write("etc/adapter-credential", "the-next-credential\n")
      try service.runAll("ExecReload")
      try site.awaitNextLook()
      try site.serve("after", worker)
      #expect(site.emulator.stats.answersByStatus[401] == nil)
      worker.signal(SIGTERM)
      #expect(try worker.end(within: service.stopSeconds).code == 0)
      try service.runAll("ExecStopPost")
      #expect(access(scratch["run/linkworker"], F_OK) != 0)
      for secret in [Deployment.credential, "the-next-credential", "not asked for"] {
        #expect(!String(decoding: worker.output + worker.errors, as: UTF8.self).contains(secret))
      }
    }

    @Test("The compose file's commands make the topics, emulate the adapter and serve a request")
    func compose() throws {
      let site = try Site(makesTopics: false)
      defer { site.emulator.stop() }
      let deployment = site.deployment
      guard let services = try DeployFiles.yaml("compose/compose.yaml")["services"] else { throw Missing("services") }
      let secret = try deployment.scratch.write("secret", try DeployFiles.text("compose/adapter-credential"))
      func command(_ service: JSONValue?) throws -> [String] {
        let words = (service?["command"]?.texts ?? []).map {
          $0.replacing("/run/secrets/adapter-credential", with: secret)
        }
        guard !words.isEmpty else { throw Missing("A command") }
        // The containers' ports and addresses are their own.
        return [try RunningProgram.linkworker] + words.map { ["18080": "0", "0.0.0.0": "127.0.0.1"][$0] ?? $0 }
      }
      let adapter = try RunningProgram(command(services["adapter"]))
      var url = ""
      try awaiting("The emulator's greeting", state: { adapter.tail }) {
        let text = String(decoding: adapter.output, as: UTF8.self)
        url = text.firstMatch(of: /adapter\.url=(\S+)/).map { String($0.1) } ?? ""
        return text.contains("ends it\n")
      }
      func environment(_ service: JSONValue?) -> [String: String] {
        let theirs = (service?["environment"]?.textsByName ?? [:]).mapValues {
          $0.replacing("kafka:19092", with: deployment.bootstrap).replacing("http://adapter:18080", with: url)
            .replacing("/run/secrets/adapter-credential", with: secret)
        }
        let ours = deployment.settings.map { ("LINKWORKER_" + Self.variable($0), $1) }
        // The deployment's own names and folders; what the file says of addresses and secrets stays.
        return Dictionary(ours) { $1 }.merging(theirs) { $1 }
      }
      let topics = try RunningProgram.run(command(services["topics"]), environment: environment(services["topics"]))
      #expect(topics.code == 0, "\(topics.errorText)")
      let worker = try RunningProgram(command(services["worker"]), environment: environment(services["worker"]))
      try site.serve("one", worker)
      worker.signal(SIGTERM)
      #expect(try worker.end().code == 0)
      adapter.signal(SIGTERM)
      #expect(try adapter.end().code == 0)
    }

    @Test("The StatefulSet's environment names the worker after its pod, and follows a secret that the kubelet renews")
    func kubernetes() throws {
      let site = try Site()
      defer { site.emulator.stop() }
      let scratch = site.deployment.scratch
      let container = try DeployFiles.yaml("kubernetes/statefulset.yaml")["spec"]?["template"]?["spec"]?["containers"]?
        .children.first { _ in true }
      guard let container else { throw Missing("The container") }
      let folders = ["/etc/linkworker", "/var/lib/linkworker", "/run/secrets/linkworker"]
      let mounted = Set(container["volumeMounts"]?.children.compactMap { $0["mountPath"]?.text?.string } ?? [])
      #expect(mounted == Set(folders))
      try scratch.write("linkworker.properties", try site.settings(from: "kubernetes/linkworker.properties"))
      // As the kubelet lays out a secret: links over a link that it swaps.
      func renew(_ folder: String, _ credential: String) throws {
        mkdir(scratch[folder], 0o755)
        try scratch.write(folder + "/adapter-credential", credential)
        try scratch.write(folder + "/kafka-password", "not asked for by this broker")
        symlink(folder, scratch["..data_tmp"])
        guard rename(scratch["..data_tmp"], scratch["..data"]) == 0 else { throw Missing("The link") }
      }
      try renew("..1", Deployment.credential)
      for file in ["adapter-credential", "kafka-password"] { symlink("..data/" + file, scratch[file]) }
      var environment = ["POD_NAME": "linkworker-2"]
      guard let variables = container["env"]?.children else { throw Missing("The environment") }
      for variable in variables {
        guard let name = variable["name"]?.text?.string, let value = variable["value"]?.text?.string else { continue }
        environment[name] = folders.reduce(value.replacing("$(POD_NAME)", with: "linkworker-2")) {
          $0.replacing($1, with: scratch.path)
        }
      }
      let arguments = try [RunningProgram.linkworker] + (container["args"]?.texts ?? [])
      let worker = try RunningProgram(arguments, environment: environment)
      try site.serve("before", worker)
      site.emulator.setCredential(Secret(Array("the-next-credential".utf8)))
      try renew("..2", "the-next-credential")
      try site.awaitNextLook()
      try site.serve("after", worker)
      #expect(String(decoding: worker.errors, as: UTF8.self).contains(#""instance":"linkworker-2""#))
      worker.signal(SIGTERM)
      #expect(try worker.end().code == 0)
    }

    private static func variable(_ setting: String) -> String {
      setting.uppercased().replacing(".", with: "_").replacing("-", with: "_")
    }
  }
}

/// A deployment, an emulator, and the settings of `deploy/` made to fit them.
private final class Site {
  let emulator: AdapterEmulator
  let deployment: Deployment
  private var servedCount = 0

  init(makesTopics: Bool = true) throws {
    emulator = try AdapterEmulator(forDeploymentWith: { _ in })
    deployment = try Deployment(
      kafka: TestKafka.shared, adapterURL: emulator.baseURL, makesTopics: makesTopics)
  }

  /// The settings of a file: all of its own, but for addresses, what this broker has no use for, and what a test fixes for all
  /// its workers.
  func settings(from file: String) throws -> String {
    let unused = ["kafka.security.protocol", "kafka.sasl.mechanism", "kafka.sasl.username", "admin.listen"]
    let theirs = try DeployFiles.assignments(file).filter { !unused.contains($0.name) }
    let all = Dictionary(uniqueKeysWithValues: theirs.map { ($0.name, $0.value) }).merging(deployment.settings) { $1 }
    return all.map { "\($0)=\($1)\n" }.sorted().joined()
  }

  /// Lets the time pass in which the worker does not look at the credential's file again. A call with the old one would only be
  /// tried anew in 30 s.
  func awaitNextLook() throws {
    let renewed = uptime()
    try awaiting("The next look at the file") { uptime() - renewed > 0.3 }
  }

  /// Sends one more request and waits for its token.
  func serve(_ id: String, _ worker: RunningProgram) throws {
    servedCount += 1
    let request = RequestEvent(id: id, userID: Int64(servedCount), idempotencyKey: id, accounts: [1])
    try deployment.produce(lines: [(String(request.userID), request.structured)], ["-X", "partitioner=murmur2"])
    var outcomes: [OutcomeEvent] = []
    try awaiting("The token of \(id)", state: { worker.tail }) {
      outcomes = try deployment.outcomes()
      if outcomes.count < servedCount, !worker.isRunning { throw Missing("\(id): it has ended. \(worker.tail)") }
      return outcomes.count == servedCount
    }
    #expect(outcomes.contains { $0.requestID == id && $0.isA("token-ready") })
  }
}
