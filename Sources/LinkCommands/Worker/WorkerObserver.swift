import LinkCore
import LinkKafka
import LinkOps
import LinkStore

/// Tells the metrics and the health page what the loop sees. Confined to the loop.
final class WorkerObserver {
  private let metrics: WorkerMetrics
  private let health: Health
  private let edges: WorkerEdges
  private var nextLook: Milliseconds = 0
  private var nextCount: Milliseconds = 0

  /// How often the engine's load is looked at.
  private static let lookInterval: Milliseconds = 100
  /// How often the lag is computed and the store asked.
  private static let countInterval: Milliseconds = 1000

  init(_ telemetry: Telemetry, edges: WorkerEdges) {
    metrics = telemetry.metrics
    health = telemetry.health
    self.edges = edges
  }

  /// What became of records since the start.
  var totals: LogFields { metrics.totals }

  /// The loop turns.
  func turn(_ engine: borrowing Engine) {
    let uptime = SystemClock.uptime()
    health.loop.beat(at: uptime)
    guard uptime >= nextLook else { return }
    nextLook = uptime + Self.lookInterval
    look(engine)
    guard uptime >= nextCount else { return }
    nextCount = uptime + Self.countInterval
    count(engine.committedOffsets, closed: engine.closedPartitions, at: uptime)
  }

  /// The loop is at something that may take long, but not for ever.
  func beat() { health.loop.beat(at: SystemClock.uptime()) }

  /// The loop has ended.
  func end() { health.loop.rest() }

  /// A stop was asked for.
  func stopping() { health.stopping() }

  func observe(_ note: Note) {
    metrics.observe(note)
    health.observe(note, wall: SystemClock.wall())
  }

  func received() { metrics.recordsReceived.add() }

  func assigned(_ partitions: [Int32]) { health.assigned(partitions) }

  func revoked() { health.revoked() }

  private func look(_ engine: borrowing Engine) {
    let load = engine.load
    metrics.observe(load)
    health.observe(load)
  }

  /// The consumer knows the ends of what it fetches; the others are asked for.
  private func count(_ committed: [Int32: Int64], closed: Set<Int32>, at uptime: Milliseconds) {
    var lags: [Int64] = []
    var unknown = closed
    for (partition, offset) in committed {
      if let end = edges.consumer.watermarks(partition: partition)?.high {
        lags.append(max(end - offset, 0))
      } else {
        unknown.insert(partition)
      }
    }
    lags += edges.lag.lags(of: unknown, at: uptime).values
    metrics.lag.set(lags.reduce(0, +))
    metrics.lagMax.set(lags.max() ?? 0)
    edges.store.readFigures(of: Array(committed.keys)) { [metrics] figures in
      metrics.linksScheduled.set(figures.scheduled)
      metrics.journalEntries.set(figures.journaled)
      metrics.storeSize.set(figures.size)
    }
  }
}
