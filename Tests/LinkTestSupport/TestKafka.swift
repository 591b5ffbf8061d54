public import LinkKafka
public import LinkSandbox

/// The real Kafkas that the tests of one process share; they end with it.
public enum TestKafka {
  /// Whether there is one to test on.
  public static let isAvailable = RealKafka.homeFromEnvironment != nil

  /// The broker that `KAFKA_HOME` (and `KAFKA_VERSION`) names; started when it is first asked for.
  public static var shared: RealKafka { get throws { try present.get() } }

  /// Whether `KAFKA_HOME` has a Kafka 3.9 beside its own line.
  public static let is39Available = distribution(version: "3.9")?.jarVersion != nil

  /// What a client needs to reach a broker.
  public static func properties(_ kafka: RealKafka) -> KafkaProperties {
    KafkaProperties(["bootstrap.servers": kafka.bootstrap])
  }

  /// Starts a broker of a test's own with further settings. Behind a proxy clients that come by `proxy.bootstrap` stay with the proxy, those that
  /// come by the broker's own `bootstrap` do not know of it.
  public static func start(
    version: String? = nil, extra: [String: String] = [:], listeners: [String: Int] = [:],
    behind proxy: KafkaProxy? = nil
  ) throws -> RealKafka {
    guard let distribution = distribution(version: version) else { throw Missing("KAFKA_HOME") }
    print("real Kafka: \(distribution.jarVersion ?? "?") from KAFKA_HOME")
    let kafka = try RealKafka(
      home: distribution.home, version: version, extra: extra, listeners: listeners,
      proxyPort: proxy?.ports.first.map { Int($0) })
    proxy?.connect(to: [kafka.detourPort].compactMap { $0.map { UInt16($0) } })
    return kafka
  }

  /// Starts three brokers of a test's own, behind a proxy of three ports where one is given.
  public static func startCluster(
    version: String? = nil, extra: [String: String] = [:], behind proxy: KafkaProxy? = nil
  ) throws -> RealKafkaCluster {
    guard let distribution = distribution(version: version) else { throw Missing("KAFKA_HOME") }
    print("real Kafka: \(distribution.jarVersion ?? "?") from KAFKA_HOME, three brokers")
    let cluster = try RealKafkaCluster(
      home: distribution.home, version: version, extra: extra, proxyPorts: proxy?.ports.map { Int($0) } ?? [])
    proxy?.connect(to: cluster.brokers.compactMap { $0.detourPort.map { UInt16($0) } })
    return cluster
  }

  /// Runs one of Kafka's own tools to its end.
  public static func runTool(_ arguments: [String], within seconds: Double = 180) throws -> RunningProgram.Outcome {
    guard let distribution = KafkaDistribution.fromEnvironment else { throw Missing("KAFKA_HOME") }
    let java = [distribution.java, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", distribution.classPath]
    return try RunningProgram.run(java + arguments, within: seconds)
  }

  /// The class behind `kafka-acls.sh`, which has moved with Kafka 4.
  public static var accessRuleTool: String {
    KafkaDistribution.fromEnvironment?.jarVersion?.hasPrefix("3.") == true
      ? "kafka.admin.AclCommand" : "org.apache.kafka.tools.AclCommand"
  }

  /// Changes settings of a topic that exists.
  public static func alter(_ topic: String, on bootstrap: String, _ settings: [String: String]) throws {
    let list = settings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    let outcome = try runTool([
      "kafka.admin.ConfigCommand", "--bootstrap-server", bootstrap, "--alter", "--topic", topic,
      "--add-config", list,
    ])
    guard outcome.code == 0 else { throw Missing("The settings \(list): \(outcome.outputText)\(outcome.errorText)") }
  }

  private static let present: Result<RealKafka, any Error> = Result { try start() }

  private static func distribution(version: String?) -> KafkaDistribution? {
    guard var distribution = KafkaDistribution.fromEnvironment else { return nil }
    if let version { distribution.version = version }
    return distribution
  }
}
