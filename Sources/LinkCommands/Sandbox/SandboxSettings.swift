import Glibc
import LinkCore
import LinkKafka

/// The settings of a sandbox's worker, and the files by which other programs get the same.
struct SandboxSettings {
  /// As the worker takes them.
  let worker: WorkerSettings
  /// What the sandbox and the command line say, `name=value`, Kafka's own properties aside.
  private let said: [String]

  /// Settings that are the sandbox's own.
  static let own: Set = [
    "kafka.bootstrap.servers", "kafka.group.id", "topics.requests", "topics.outcomes", "topics.state",
    "topics.dead-letters", "adapter.url", "adapter.credential.file", "store.directory", "admin.listen", "log.level",
    "log.format",
  ]

  /// What the command line adds to the sandbox's own.
  struct Additions {
    /// `--config`, for `--kafka` alone.
    var configFile: String?
    /// Each `-X`.
    var arguments: [String]
    /// The environment, for `--kafka` alone.
    var environment: [String: String]
    /// Whether somebody watches, for whom a wait must last long enough to be seen.
    var isWatched = false
  }

  init(
    _ broker: SandboxBroker, adapterURL: String, files: SandboxDirectory, logLevel: String, _ additions: Additions
  ) throws(CommandFailure) {
    // Short, for people who wait in front of a screen; the command line wins over them.
    let preset = [
      "retry.initial.ms=\(additions.isWatched ? 2000 : 200)", "retry.max.ms=5000", "shutdown.timeout.ms=5000",
    ]
    let fixed =
      broker.settings + [
        "kafka.bootstrap.servers=\(broker.bootstrap)", "adapter.url=\(adapterURL)",
        "adapter.credential.file=\(files.credential)",
        // Of several workers on this machine each has its own.
        "admin.listen=127.0.0.1:0",
      ]
    let loader = SettingsLoader(
      configFile: additions.configFile, environment: additions.environment,
      arguments: preset + additions.arguments + fixed
        + ["store.directory=\(files.path)/store", "log.level=\(logLevel)", "log.format=text"])
    do { worker = try loader.load(for: .worker) } catch { throw CommandFailure(Self.asWritten(error)) }
    said = (preset + additions.arguments + fixed).filter { !$0.hasPrefix("kafka.") }
  }

  /// The brokers are named by the option that gave them.
  private static func asWritten(_ failure: SettingsFailure) -> SettingsFailure {
    SettingsFailure(
      problems: failure.problems.map { problem in
        guard problem.subject == "kafka.bootstrap.servers", problem.origin == .argument else { return problem }
        return SettingProblem(subject: "--kafka", origin: nil, fault: problem.fault)
      })
  }

  /// A worker's settings file for this sandbox. Its store is another than the worker's here, so that a second one can
  /// run beside it.
  func properties(storeDirectory: String) -> Secret {
    var values: [String: String] = [:]
    for property in worker.kafka.properties { values["kafka.\(property.name)"] = Self.text(of: property) }
    values["kafka.group.id"] = worker.kafka.groupId
    values["kafka.group.instance.id"] = nil
    for role in TopicRole.allCases { values["topics.\(role.rawValue)"] = worker.topics[role] }
    for setting in said {
      let name = setting.prefix { $0 != "=" }
      let value = String(setting.dropFirst(name.count + 1))
      values[String(name)] = Self.isPath(String(name)) ? Self.absolute(value) : value
    }
    values["insecure.kafka"] = worker.insecure.kafka ? "true" : nil
    values["instance.id"] = nil
    values["store.directory"] = storeDirectory
    let lines = values.sorted { $0.key < $1.key }.map { "\($0.key)=\(Self.escaped($0.value))\n" }
    return Secret(Array(("# The settings of a sandbox of linkworker; it goes with it.\n" + lines.joined()).utf8))
  }

  /// kcat's configuration, where more than an address is needed to reach the broker; it may hold secrets, which a
  /// command line must not.
  var kcat: Secret? {
    let plain: Set = ["bootstrap.servers", "fetch.wait.max.ms", "group.instance.id"]
    let properties = worker.kafka.properties.filter { $0.name != "group.instance.id" }
    guard properties.contains(where: { !plain.contains($0.name) }) else { return nil }
    return Secret(Array(properties.map { "\($0.name)=\(Self.text(of: $0))\n" }.joined().utf8))
  }

  /// A property's value as it holds in every directory.
  private static func text(of property: KafkaProperty) -> String {
    let value = property.reveal()
    return KafkaProperty.isPath(property.name) && value != "probe" ? absolute(value) : value
  }

  private static func isPath(_ name: String) -> Bool {
    switch SettingTable.definition(of: name)?.kind {
    case .file, .secretFile, .directory: true
    case .text, .topic, .servers, .integer, .duration, .boolean, .choice, .url, .listenAddress, .statuses, .texts, nil:
      false
    }
  }

  /// A path from the root on: whoever reads the files may be in another directory.
  static func absolute(_ path: String) -> String {
    guard !path.isEmpty, !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
    defer { free(folder) }
    return String(cString: folder) + "/" + (path.hasPrefix("./") ? String(path.dropFirst(2)) : path)
  }

  /// A value in the syntax of Java's properties.
  private static func escaped(_ value: String) -> String {
    var text = value.map { character -> String in
      switch character {
      case "\\": "\\\\"
      case "\n": "\\n"
      case "\r": "\\r"
      case "\t": "\\t"
      default: String(character)
      }
    }.joined()
    if text.hasPrefix(" ") { text = "\\" + text }
    return text
  }
}
