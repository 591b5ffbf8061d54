import Glibc
import Synchronization

/// A TCP proxy on loopback between a worker and its brokers, or anything else that it talks to: it passes on what comes, late or not at all as it is told.
///
/// One that stands before brokers cuts the streams into Kafka's messages, so that rules can name requests by kind; brokers must tell their clients its ports
/// (`TestKafka.start(behind:)`). Everything that it is told holds at once, for the connections that there are too. It ends with this object.
public final class KafkaProxy: Sendable {
  /// What is spoken through it.
  public enum Language: Sendable { case kafka, anything }

  /// A request that was held back, when it has come to its broker after all.
  public struct LateArrival: Sendable {
    /// The request.
    public var request: KafkaRequest
    /// What the broker answered to an EndTxn; nil for every other request, and where it said nothing.
    public var errorCode: Int16?
  }

  /// Where it listens on 127.0.0.1: one port for each that it passes on to.
  public let ports: [UInt16]
  private let shared: ProxyState

  /// Listens.
  ///
  /// - Parameters:
  ///   - language: What is spoken through it.
  ///   - count: For how many servers it stands.
  public init(_ language: Language, count: Int = 1) throws {
    let listeners = try (0..<count).map { _ in try ProxySocket.listening() }
    ports = try listeners.map { try ProxySocket.port(of: $0) }
    shared = try ProxyState()
    let loop = ProxyLoop(shared, listeners, cutsFrames: language == .kafka)
    try loop.start()
  }

  deinit { shared.change { $0.isEnding = true } }

  /// For `bootstrap.servers`.
  public var bootstrap: String { ports.map { "127.0.0.1:\($0)" }.joined(separator: ",") }

  /// Says where it passes on to, ports of 127.0.0.1 in the order of `ports`; until then connections are closed.
  public func connect(to targets: [UInt16]) { shared.change { $0.targets = targets } }

  // MARK: - Rules

  /// Puts a rule in force; of several about one request the first that hits wins. Returns what it is known by.
  @discardableResult
  public func add(_ rule: ProxyRule) -> Int {
    shared.change { state in
      state.rules.append(RuleInForce(id: state.rules.count, rule))
      return state.rules.count - 1
    }
  }

  /// How often a rule has hit; of an answer it counts when the request comes.
  public func hits(of id: Int) -> Int { shared.read { $0.rules[id].hits } }

  /// Waits until a rule has hit as often as it may.
  public func awaitHits(of id: Int, within seconds: Double = 30, state: () -> String = { "" }) throws {
    let rule = shared.read { $0.rules[id].rule }
    try awaiting("\(rule)", within: seconds, state: state) { hits(of: id) == rule.count }
  }

  /// Takes a rule out of force; what it has hit stays counted.
  public func remove(_ id: Int) { shared.change { _ = $0.removed.insert(id) } }

  /// Takes all rules out of force and passes on everything as it comes.
  public func reset() {
    shared.change { state in
      state.removed.formUnion(state.rules.indices)
      state.isFrozen = false
      state.latency = 0
      state.throughput = nil
    }
  }

  // MARK: - All at once

  /// Passes on nothing more, either way, and answers no connection; what comes meanwhile comes when it is thawed.
  public func freeze() { shared.change { $0.isFrozen = true } }

  /// Goes on after `freeze()`.
  public func thaw() { shared.change { $0.isFrozen = false } }

  /// Passes on everything so many seconds later, each way.
  public func setLatency(_ seconds: Double) { shared.change { $0.latency = seconds } }

  /// Passes on so many bytes a second, each way of each connection; nil: as they come.
  public func setThroughput(_ bytesPerSecond: Double?) { shared.change { $0.throughput = bytesPerSecond } }

  /// Breaks all connections that there are.
  public func closeConnections() { shared.change { $0.closings += 1 } }

  // MARK: - What has been

  /// How many requests of a kind have come from clients.
  public func requestCount(_ api: KafkaAPI) -> Int { shared.read { $0.requests[api] ?? 0 } }

  /// Which of the servers got the last request of a kind, by its place among `ports`; nil where none has.
  public func lastTarget(of api: KafkaAPI) -> Int? {
    shared.read { state in state.lastPorts[api].flatMap { state.targets.firstIndex(of: $0) } }
  }

  /// How many connections there are.
  public var connectionCount: Int { shared.read { $0.connectionCount } }

  /// What was held back and has come to its broker.
  public var lateArrivals: [LateArrival] { shared.read { $0.lateArrivals } }
}

/// What a proxy is told, and what it tells: between its thread and all others.
final class ProxyState: Sendable {
  struct Values: Sendable {
    var targets: [UInt16] = []
    var rules: [RuleInForce] = []
    var removed: Set<Int> = []
    var isFrozen = false
    var isEnding = false
    var latency = 0.0
    var throughput: Double?
    /// How often all connections were to be broken.
    var closings = 0
    var requests: [KafkaAPI: Int] = [:]
    var lastPorts: [KafkaAPI: UInt16] = [:]
    var connectionCount = 0
    var lateArrivals: [KafkaProxy.LateArrival] = []

    /// The first rule in force that hits a request.
    mutating func rule(for request: KafkaRequest) -> ProxyRule? {
      for index in rules.indices where !removed.contains(index) {
        if rules[index].meets(request) { return rules[index].rule }
      }
      return nil
    }
  }

  private let values = Mutex(Values())
  private let pipe: (reading: Int32, writing: Int32)

  init() throws { pipe = try ProxySocket.pipe() }

  deinit {
    close(pipe.reading)
    close(pipe.writing)
  }

  /// Readable when something was changed.
  var bell: Int32 { pipe.reading }

  /// Makes it unreadable until the next change.
  func silence() {
    var rings = [UInt8](repeating: 0, count: 4096)
    _ = Glibc.read(pipe.reading, &rings, rings.count)
  }

  func read<Result: Sendable>(_ body: (Values) -> Result) -> Result { values.withLock { body($0) } }

  /// For the proxy's own thread, which needs no bell.
  func update<Result: Sendable>(_ body: (inout Values) -> Result) -> Result { values.withLock { body(&$0) } }

  /// For all others.
  func change<Result: Sendable>(_ body: (inout Values) -> Result) -> Result {
    let result = values.withLock { body(&$0) }
    // A pipe that is full rings already.
    _ = Glibc.write(pipe.writing, [1], 1)
    return result
  }
}
