public import LinkCore
public import LinkKafka
public import LinkSandbox

/// A worker's surroundings of one test's own: four topics and a group with fresh names, a credential file, settings, a store directory.
/// Workers of it are started as processes of the built binary.
public final class Deployment: Sendable {
  /// Where its clients find the brokers.
  public let bootstrap: String
  /// The consumer group, and the stem of all names.
  public let group: String
  /// How many partitions each topic has.
  public let partitions: Int32
  /// Where its files are: `credential`, and `store` unless a worker is given another directory.
  public let scratch: Scratch
  /// The settings that every worker of it gets.
  public let settings: [String: String]
  /// A broker that nobody else may hold: it ends with its last owner.
  private let broker: RealKafka?

  /// The credential that the file holds and that `AdapterEmulator(deploymentRules:)` asks for.
  public static let credential = "the-adapters-credential"

  /// Makes the topics, by `linkworker topics create`, and the files.
  ///
  /// - Parameters:
  ///   - adapterURL: Of the emulator, or of nobody.
  ///   - settings: In addition to the surroundings' own, which they win over.
  ///   - makesTopics: False where the test makes them itself.
  public convenience init(
    kafka: RealKafka, adapterURL: String, partitions: Int32 = 4, settings: [String: String] = [:],
    makesTopics: Bool = true
  ) throws {
    try self.init(
      bootstrap: kafka.bootstrap, adapterURL: adapterURL, partitions: partitions, settings: settings,
      makesTopics: makesTopics, broker: kafka)
  }

  /// The same on any brokers, as on those of a cluster, which has to be kept by whoever started it.
  public convenience init(
    bootstrap: String, adapterURL: String, partitions: Int32 = 4, settings: [String: String] = [:],
    makesTopics: Bool = true
  ) throws {
    try self.init(
      bootstrap: bootstrap, adapterURL: adapterURL, partitions: partitions, settings: settings,
      makesTopics: makesTopics, broker: nil)
  }

  private init(
    bootstrap: String, adapterURL: String, partitions: Int32, settings: [String: String], makesTopics: Bool,
    broker: RealKafka?
  ) throws {
    self.broker = broker
    self.bootstrap = bootstrap
    self.partitions = partitions
    group = "e2e-\(UInt32.random(in: 0 ... .max))"
    scratch = try Scratch()
    try scratch.write("credential", Self.credential + "\n")
    var all = [
      "kafka.bootstrap.servers": bootstrap, "kafka.group.id": group, "adapter.url": adapterURL,
      "adapter.credential.file": scratch["credential"], "store.directory": scratch["store"],
      "retry.initial.ms": "20", "retry.max.ms": "200", "kafka.session.timeout.ms": "6000",
      "kafka.heartbeat.interval.ms": "500", "admin.listen": "none",
    ]
    for role in TopicRole.allCases { all["topics.\(role.rawValue)"] = "\(group).\(role.rawValue)" }
    self.settings = all.merging(settings) { $1 }
    if makesTopics { try makeTopics() }
  }

  /// The name of a topic.
  public func topic(_ role: TopicRole) -> String { settings["topics.\(role.rawValue)"] ?? role.rawValue }

  /// What a client needs to reach its broker.
  public var properties: KafkaProperties { KafkaProperties(["bootstrap.servers": bootstrap]) }

  /// Runs a command of the built binary with these settings to its end. Settings that the command does not take are left to the file.
  public func run(
    _ command: [String], with more: [String: String] = [:], within seconds: Double = 180
  ) throws -> RunningProgram.Outcome {
    try RunningProgram.run(arguments(command, more), within: seconds)
  }

  /// Starts a command of the built binary with these settings.
  public func start(_ command: [String]) throws -> RunningProgram { try RunningProgram(arguments(command, [:])) }

  /// Starts `linkworker run`.
  ///
  /// - Parameters:
  ///   - more: Settings that win over the deployment's.
  ///   - options: Of the command itself, as in `--from-beginning`.
  ///   - failpoints: What `LINK_FAILPOINTS` is to say.
  ///   - environment: Variables that it gets besides.
  ///   - launcher: A command that starts it in its own place, as in `prlimit --nofile=64`.
  public func startWorker(
    _ more: [String: String] = [:], options: [String] = [], failpoints: String? = nil,
    environment: [String: String] = [:], through launcher: [String] = []
  ) throws -> WorkerProcess {
    var environment = environment
    environment["LINK_FAILPOINTS"] = failpoints
    return WorkerProcess(
      try RunningProgram(launcher + arguments(["run"] + options, more), environment: environment))
  }

  /// Drops the default store directory.
  public func removeStore() { Scratch.remove(scratch["store"]) }

  private func arguments(_ command: [String], _ more: [String: String]) throws -> [String] {
    let lines = settings.merging(more) { $1 }.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }
    let file = try scratch.write("worker-\(UInt32.random(in: 0 ... .max)).properties", lines.joined())
    return [try RunningProgram.linkworker] + command + ["--config", file]
  }
}

extension AdapterEmulator {
  /// An emulator that asks for a deployment's credential.
  public convenience init(
    forDeploymentWith change: (inout AdapterEmulatorConfiguration) -> Void = { _ in }
  ) throws {
    var configuration = AdapterEmulatorConfiguration(credential: Secret(Array(Deployment.credential.utf8)))
    change(&configuration)
    try self.init(configuration: configuration)
  }
}
