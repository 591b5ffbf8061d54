public import LinkKafka
public import LinkSandbox

/// The real Kafkas that the tests of one process share; they end with it.
public enum TestKafka {
  /// Whether there is one to test on.
  public static let isAvailable = RealKafka.homeFromEnvironment != nil

  /// The broker that `KAFKA_HOME` (and `KAFKA_VERSION`) names; started when it is first asked for.
  public static var shared: RealKafka { get throws { try present.get() } }

  /// The broker of `libs-3.9`, where `KAFKA_HOME` has that.
  public static var shared39: RealKafka { get throws { try old.get() } }

  /// Whether `KAFKA_HOME` has a Kafka 3.9 beside its own line.
  public static let is39Available = distribution(version: "3.9")?.jarVersion != nil

  /// What a client needs to reach a broker.
  public static func properties(_ kafka: RealKafka) -> KafkaProperties {
    KafkaProperties(["bootstrap.servers": kafka.bootstrap])
  }

  /// Starts a broker of a test's own with further settings.
  public static func start(version: String? = nil, extra: [String: String] = [:]) throws -> RealKafka {
    guard let distribution = distribution(version: version) else { throw Missing("KAFKA_HOME") }
    print("real Kafka: \(distribution.jarVersion ?? "?") from KAFKA_HOME")
    return try RealKafka(home: distribution.home, version: version, extra: extra)
  }

  /// Runs one of Kafka's own tools to its end.
  public static func runTool(_ arguments: [String], within seconds: Double = 60) throws -> RunningProgram.Outcome {
    guard let distribution = KafkaDistribution.fromEnvironment else { throw Missing("KAFKA_HOME") }
    let java = [distribution.java, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", distribution.classPath]
    return try RunningProgram.run(java + arguments, within: seconds)
  }

  private static let present: Result<RealKafka, any Error> = Result { try start() }
  private static let old: Result<RealKafka, any Error> = Result { try start(version: "3.9") }

  private static func distribution(version: String?) -> KafkaDistribution? {
    guard var distribution = KafkaDistribution.fromEnvironment else { return nil }
    if let version { distribution.version = version }
    return distribution
  }
}
