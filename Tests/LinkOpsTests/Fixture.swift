import LinkCore
import Synchronization

@testable import LinkOps

/// A worker's health and metrics under a clock that only the test moves.
final class Fixture: Sendable {
  let health = Health()
  let metrics: WorkerMetrics
  private let clock: Clock

  init() {
    let clock = Clock()
    self.clock = clock
    metrics = WorkerMetrics(health: health, version: "1.2.3", librdkafka: "4.5.6", clock: { clock.now })
  }

  var now: Now { clock.now }

  /// Lets time pass.
  func pass(_ milliseconds: Milliseconds) { clock.pass(milliseconds) }

  /// Lets the worker have partitions, all open, and commit.
  func run() {
    health.assigned([0, 1])
    health.observe(Self.load(open: 2))
    health.observe(.committed(decisions: 1, took: 2, links: []), wall: now.wall)
  }

  /// The names of the checks that fail.
  var failing: [String] { health.checks(now: now).filter { !$0.isPassed }.map(\.name) }

  func server() throws -> AdminServer {
    try AdminServer(
      ListenAddress(host: "127.0.0.1", port: 0), health: health, metrics: metrics, clock: { [clock] in clock.now })
  }

  static func load(
    open: Int, isRefused: Bool = false, breaker: BreakerState = .closed, calls: Int = 0, ready: Int = 0
  ) -> Engine.Load {
    var world = Engine(
      settings: EngineSettings(
        partitionCount: 2, groupID: "g", instanceID: "i", requestsTopic: "requests", seed: 1),
      sha256: { _ in Digest.zero }, now: Now(wall: Timestamp(milliseconds: 0), uptime: 0))
    _ = world.step(.tick, now: Now(wall: Timestamp(milliseconds: 0), uptime: 0))
    var load = world.load
    load.lanes = 2
    load.open = open
    load.credentialRefused = isRefused
    load.breaker = breaker
    load.calls = calls
    load.ready = ready
    return load
  }
}

extension Digest {
  fileprivate static let zero: Digest = {
    guard let digest = Digest([UInt8](repeating: 0, count: 32)) else { preconditionFailure("32 bytes are a digest") }
    return digest
  }()
}

private final class Clock: Sendable {
  private let time = Mutex<Milliseconds>(1_000_000)

  var now: Now {
    let time = time.withLock { $0 }
    return Now(wall: Timestamp(milliseconds: 1_800_000_000_000 + time), uptime: time)
  }

  func pass(_ milliseconds: Milliseconds) { time.withLock { $0 += milliseconds } }
}
