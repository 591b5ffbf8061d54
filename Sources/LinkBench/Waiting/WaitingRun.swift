import LinkCore
import LinkCrypto
import LinkStore

/// A worker over a store with many links that wait: what it costs to start and to hold, and what its store takes to find those that are due.
struct WaitingRun {
  private let rig: Rig
  private let links: Int

  /// Links that are taken at a time: what a worker with `adapter.concurrency` at its default asks for.
  private static let portion = 128
  /// How often each question is asked.
  private static let rounds = 500

  init(_ rig: Rig, links: Int) {
    self.rig = rig
    self.links = links
  }

  func measure() throws -> WaitingMeasurement {
    let run = try rig.newRun(of: .worker, adapterLatency: 0)
    defer { run.end() }
    say("writing the state of \(links) links that wait")
    let history = StateHistory(of: run, partitions: rig.options.partitions, bootstrap: rig.bootstrap, allWait: true)
    _ = try history.write(links: links)
    let restore = RestoreRun(rig, links: links)
    let cold = try restore.measure(.init(worker: rig.worker, isWarm: false), run)
    say("  cold: \(cold)")
    let warm = try (1...rig.options.repeats).map { _ in
      let measured = try restore.measure(.init(worker: rig.worker, isWarm: true), run)
      say("  warm: \(measured)")
      return measured
    }
    return try measureStore(of: run, cold: cold, warm: warm)
  }

  /// What the store itself takes, without a worker.
  private func measureStore(
    of run: Run, cold: RestoreMeasurement, warm: [RestoreMeasurement]
  ) throws -> WaitingMeasurement {
    let store = try LinkStore(directory: run.storeDirectory, sha256: sha256, onEvent: { _ in })
    defer { try? store.close() }
    let partitions = Int32(rig.options.partitions)
    // Before any of them is due, and behind all of them.
    let (early, late) = (Timestamp(milliseconds: 0), Timestamp(milliseconds: .max / 2))
    var none: [Double] = []
    var take: [Double] = []
    var putOff: [Double] = []
    for round in 0..<Self.rounds {
      let partition = Int32(round) % partitions
      none.append(try milliseconds { _ = try due(store, partition, until: early, taken: 0) })
      var found: [DueLink] = []
      take.append(
        try milliseconds { found = try due(store, partition, until: late, taken: round * Self.portion) })
      let until = systemTime() + 3_600_000
      putOff.append(
        try milliseconds {
          _ = try store.perform([.putOff(partition: partition, found.map { ($0.link.key, until: until) })])
        })
    }
    var drained = 0
    let took = try milliseconds {
      for partition in 0..<partitions {
        while case let count = try due(store, partition, until: late, taken: drained).count, count > 0 {
          drained += count
        }
      }
    }
    return WaitingMeasurement(
      links: links, cold: cold, warm: warm, none: none, take: take, putOff: putOff,
      drainRate: Double(drained) / took * 1000)
  }

  private func due(
    _ store: LinkStore, _ partition: Int32, until: Timestamp, taken: Int
  ) throws -> [DueLink] {
    let work = StoreWork.takeDue(ticket: 1, partition: partition, until: until, limit: Self.portion, taken: taken)
    for case .due(_, let links, _) in try store.perform([work]) { return links }
    return []
  }

  private func milliseconds(_ body: () throws -> Void) rethrows -> Double {
    let began = monotonicMicroseconds()
    try body()
    return Double(monotonicMicroseconds() - began) / 1000
  }
}
