import Glibc
import Synchronization

/// A real Apache Kafka on loopback: one KRaft broker with a data directory of its own, tuned for tests (no rebalance delay,
/// timed-out transactions are aborted within a second, segments are cleaned within seconds).
///
/// It ends with this process, however that ends.
public final class RealKafka: Sendable {
  /// `host:port` for `bootstrap.servers`.
  public let bootstrap: String
  /// Where its data, settings and log (`broker.log`) are.
  public let directory: String
  /// The port on which it tells its clients another one, that of a proxy before it; nil where it was given none.
  public let detourPort: Int?
  private let distribution: KafkaDistribution
  private let removesDirectory: Bool
  private let process: Mutex<ChildProcess?>

  /// What `KAFKA_HOME` says, or nil: tests on a real Kafka run where it is set.
  public static var homeFromEnvironment: String? { KafkaDistribution.fromEnvironment?.home }

  /// Starts a broker from the jars of a Kafka distribution and waits until it serves; takes about three seconds.
  ///
  /// - Parameters:
  ///   - home: The distribution's folder; only its `libs/` is used.
  ///   - version: "3.9" uses `libs-3.9/` instead; nil takes `KAFKA_VERSION`, else `libs/`.
  ///   - extra: Further settings of the broker; they win over ours.
  ///   - listeners: Further listeners on loopback, ports by their names (`SSL`, `SASL_SSL`, `SASL_PLAINTEXT`); what they need stands in `extra`.
  ///   - proxyPort: Of a proxy on loopback: a further listener, at `detourPort`, sends its clients there for everything. Not for a directory
  ///     that has data already.
  ///   - directory: Where data goes, kept afterwards (a broker that ran there before goes on with its data and ports); nil: a temporary
  ///     one, removed in the end.
  public convenience init(
    home: String, version: String? = nil, extra: [String: String] = [:], listeners: [String: Int] = [:],
    proxyPort: Int? = nil, directory: String? = nil
  ) throws(SandboxFailure) {
    let node = Node(number: 1, controllerPort: try Self.freePort(), clusterID: Self.randomClusterID())
    try self.init(
      home: home, version: version, node: node, extra: extra, listeners: listeners, proxyPort: proxyPort,
      directory: directory)
  }

  /// What a broker must know of its cluster.
  struct Node {
    /// Its id: 1 is the cluster's controller as well, the others are brokers alone.
    var number: Int
    /// Where the controller listens.
    var controllerPort: Int
    /// The cluster's id.
    var clusterID: String
  }

  /// A listener in plain text that is advertised at another port.
  struct Detour {
    /// Where it listens.
    var port: Int
    /// Where it sends its clients.
    var advertised: Int
  }

  /// Starts one broker of a cluster.
  init(
    home: String, version: String?, node: Node, extra: [String: String], listeners: [String: Int],
    proxyPort: Int? = nil, directory: String? = nil
  ) throws(SandboxFailure) {
    distribution = KafkaDistribution(home: home, version: version ?? KafkaDistribution.fromEnvironment?.version)
    removesDirectory = directory == nil
    if let directory { self.directory = directory } else { self.directory = try Self.temporaryDirectory() }
    mkdir(self.directory, 0o755)
    let settings = self.directory + "/broker.properties"
    let isNew = access(self.directory + "/data/meta.properties", F_OK) != 0
    let port: Int
    var detour: Detour?
    if let proxyPort, isNew { detour = Detour(port: try Self.freePort(), advertised: proxyPort) }
    detourPort = detour?.port
    if isNew {
      port = try Self.freePort()
      let text = Self.settings(
        node: node, port: port, data: self.directory + "/data", extra: extra, listeners: listeners, detour: detour)
      try Self.write(text, to: settings)
    } else {
      port = try Self.port(inSettings: settings)
    }
    try Self.writeLoggingSettings(in: self.directory)
    bootstrap = "127.0.0.1:\(port)"
    process = Mutex(nil)
    if isNew {
      try run(["kafka.tools.StorageTool", "format", "-t", node.clusterID, "-c", settings], "format")
    }
    try start()
  }

  deinit { end() }

  /// Starts the broker again, after `stop()` or `kill()`, on the same port and data.
  public func start() throws(SandboxFailure) {
    let log = directory + "/broker.log"
    unlink(log)
    let child = try ChildProcess(
      java(["kafka.Kafka", directory + "/broker.properties"]), output: log,
      removeAfterwards: removesDirectory ? directory : nil)
    for _ in 0..<1_200 {
      if Self.contents(of: log).contains("Kafka Server started") {
        process.withLock { $0 = child }
        return
      }
      if child.hasEnded() { throw SandboxFailure("start", "Kafka", Self.tail(of: log), hint: "see \(log)") }
      usleep(50_000)
    }
    child.terminate(within: 0)
    throw SandboxFailure("start", "Kafka", "it is not up after 60 s: " + Self.tail(of: log), hint: "see \(log)")
  }

  /// Ends the broker in good order: SIGTERM, up to 30 s, then SIGKILL.
  public func stop() { take()?.terminate(within: 30_000) }

  /// Ends the broker at once, as a power cut would (SIGKILL).
  public func kill() { take()?.terminate(within: 0) }

  /// Freezes the broker (SIGSTOP).
  public func pause() { process.withLock { $0?.signal(SIGSTOP) } }

  /// Lets a frozen broker go on (SIGCONT).
  public func resume() { process.withLock { $0?.signal(SIGCONT) } }

  /// Its process, for looking at what it uses; nil while it does not run.
  public var processID: Int32? { process.withLock { $0?.id } }

  /// The last line of its log once it has ended by itself; nil while it runs, and after `stop()` or `kill()`.
  public var lastWords: String? {
    guard process.withLock({ $0?.hasEnded() ?? false }) else { return nil }
    return Self.tail(of: directory + "/broker.log").split(separator: "\n").last.map(String.init) ?? ""
  }

  private func take() -> ChildProcess? {
    process.withLock { child in
      defer { child = nil }
      return child
    }
  }

  private func end() {
    kill()
    guard removesDirectory, let removal = try? ChildProcess(["rm", "-rf", directory], output: "/dev/null") else {
      return
    }
    while !removal.hasEnded() { usleep(1_000) }
  }

  /// Runs one of Kafka's tools to its end.
  private func run(_ arguments: [String], _ name: String) throws(SandboxFailure) {
    let log = directory + "/\(name).log"
    let child = try ChildProcess(java(arguments), output: log)
    for _ in 0..<6_000 where !child.hasEnded() { usleep(10_000) }
    guard access(directory + "/data/meta.properties", F_OK) == 0 else {
      throw SandboxFailure(
        name, "Kafka's data directory", Self.tail(of: log),
        hint: "KAFKA_HOME must hold libs/ with Kafka's jars, and java 17 or newer must be in PATH")
    }
  }

  private func java(_ arguments: [String]) -> [String] {
    [
      distribution.java, "-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
      "-Dlog4j2.configurationFile=\(directory)/log4j2.properties",
      "-Dlog4j.configuration=file:\(directory)/log4j.properties", "-cp", distribution.classPath,
    ] + arguments
  }
}
