import LinkCore
import LinkFailpoints
import LinkHTTP
import LinkKafka
import LinkOps
import LinkStore

/// The loop: it owns the engine and polls the consumer; everything else leaves its events in the inbox.
final class WorkerLoop {
  private var engine: Engine
  private let edges: WorkerEdges
  private let notes: NoteLog
  private let observer: WorkerObserver
  private let onObservation: (@Sendable (Observation) -> Void)?
  private let settleLimit: Milliseconds
  private var end: WorkerEnd?
  /// When a stop was asked for.
  private(set) var stopBegan: Milliseconds?
  /// Whether the group ever gave this worker an assignment, be it an empty one.
  private var hasBeenAssigned = false
  /// Lanes whose records may come, as the consumer knows them.
  private var started: Set<Int32> = []
  /// Since when the engine takes no more records; and the lanes that are paused for it.
  private var saturatedSince: Milliseconds?
  private var pausedLanes: Set<Int32> = []
  /// Lanes that the engine holds back for themselves.
  private var heldLanes: Set<Int32> = []

  /// Records that are taken in one turn before timers and answers have theirs.
  private static let recordLimit = 512
  /// The longest that the loop sleeps.
  private static let sleepLimit: Milliseconds = 100

  init(
    engine: consuming Engine, edges: WorkerEdges, telemetry: Telemetry, log: Log, settleLimit: Milliseconds,
    onObservation: (@Sendable (Observation) -> Void)? = nil
  ) {
    self.engine = engine
    self.edges = edges
    self.onObservation = onObservation
    self.settleLimit = settleLimit
    notes = NoteLog(log: log)
    observer = WorkerObserver(telemetry, edges: edges)
    // The rebalance callbacks run inside `poll`, and so on this thread and in no step of the engine.
    edges.consumer.onAssign = { [unowned self] partitions in
      hasBeenAssigned = true
      observer.assigned(partitions)
      take(.assigned(partitions))
    }
    edges.consumer.onRevoke = { [unowned self] partitions, _ in revoke(partitions) }
  }

  /// Turns until a stop is finished or the process has to end.
  func run() -> WorkerEnd {
    while true {
      turn()
      if let end {
        observer.end()
        notes.write(totals: observer.totals)
        return end
      }
    }
  }

  private func turn() {
    takeEvents()
    if engine.wantsRecords { takeRecords() } else { holdRecords() }
    take(.tick)
    observer.turn(engine)
    if let stopBegan, SystemClock.uptime() - stopBegan >= settleLimit, end == nil {
      end = .stopped(isWhole: false)
    }
  }

  private func takeEvents() {
    for message in edges.inbox.drain() {
      switch message {
      case .event(.stop):
        stopBegan = stopBegan ?? SystemClock.uptime()
        observer.stopping()
        take(.stop)
      case .event(let event):
        event.failpoint?.reach()
        take(event)
      case .end(let reason): end = end ?? reason
      }
    }
  }

  private func takeRecords() {
    saturatedSince = nil
    if !pausedLanes.isEmpty {
      let paused = pausedLanes.intersection(started).subtracting(heldLanes).sorted()
      pausedLanes = []
      attempt { () throws(KafkaFailure) in try edges.consumer.resume(paused) }
    }
    var wait = edges.inbox.isEmpty ? engine.wait(now: SystemClock.now(), limit: Self.sleepLimit) : 0
    for _ in 0..<Self.recordLimit {
      guard engine.wantsRecords, let polled = edges.consumer.poll(timeoutMilliseconds: Int32(clamping: wait)) else {
        return
      }
      takePolled(polled)
      wait = 0
    }
  }

  /// Backpressure without losing the group: while the engine is full, records stay in librdkafka's queue. Where that lasts, the lanes are
  /// paused, so that polling, which the group needs, brings nothing more.
  private func holdRecords() {
    let now = SystemClock.now()
    let since = saturatedSince ?? now.uptime
    saturatedSince = since
    if now.uptime - since > Self.sleepLimit {
      let unpaused = started.subtracting(pausedLanes).subtracting(heldLanes)
      if !unpaused.isEmpty {
        pausedLanes.formUnion(unpaused)
        attempt { () throws(KafkaFailure) in try edges.consumer.pause(unpaused.sorted()) }
      }
      if let polled = edges.consumer.poll(timeoutMilliseconds: 0) { takePolled(polled) }
    }
    edges.inbox.wait(milliseconds: engine.wait(now: now, limit: Self.sleepLimit))
  }

  private func takePolled(_ polled: KafkaConsumer.Polled) {
    switch polled {
    case .record(let record):
      observer.received()
      onObservation?(.received(record))
      Failpoint.received.reach()
      take(.received(record))
    case .reachedEnd(let partition, let offset): take(.reachedEnd(partition: partition, offset: offset))
    case .failure(let failure): note(failure)
    }
  }

  private func take(_ event: Event) {
    for effect in engine.step(event, now: SystemClock.now()) { perform(effect) }
  }

  /// Returns only when the transaction under way is committed, or aborted and its producer dropped: none outlives a revoke.
  private func revoke(_ partitions: [Int32]) {
    edges.restorer.cancel()
    Failpoint.revoking.reach()
    take(.revoking)
    edges.transactions.drain()
    takeEvents()
    started.subtract(partitions)
    pausedLanes.subtract(partitions)
    heldLanes.subtract(partitions)
    Failpoint.revoked.reach()
    take(.revoked(partitions))
    observer.revoked()
    notes.write(revoked: partitions)
  }

  private func perform(_ effect: Effect) {
    switch effect {
    case .restore(let lanes): edges.restorer.restore(lanes)
    case .start(let partition, let offset): start(partition, offset)
    case .pause(let partition):
      heldLanes.insert(partition)
      attempt { () throws(KafkaFailure) in try edges.consumer.pause([partition]) }
    case .resume(let partition):
      heldLanes.remove(partition)
      guard !pausedLanes.contains(partition) else { return }
      attempt { () throws(KafkaFailure) in try edges.consumer.resume([partition]) }
    case .store(let work): edges.store.submit(work)
    case .call(let call):
      if let onObservation, let key = engine.link(ofCall: call.id) { onObservation(.calling(key)) }
      edges.adapter.call(call)
      Failpoint.called.reach()
    case .reloadCredential: edges.adapter.reloadCredential()
    case .commit(let batch): commit(batch)
    case .reconcile(let batch): edges.restorer.reconcile(batch)
    case .note(let note):
      observer.observe(note)
      notes.write(note)
      onObservation?(.noted(note))
    case .finished: end = end ?? .stopped(isWhole: engine.load.refused == 0)
    case .fail(let reason, let exitCode): end = end ?? .failed(reason: reason, exitCode: exitCode)
    }
  }

  private func start(_ partition: Int32, _ offset: Int64) {
    started.insert(partition)
    // Starting many lanes may take longer than one turn ought to.
    observer.beat()
    attempt { () throws(KafkaFailure) in try edges.consumer.start(partition: partition, at: offset) }
  }

  /// The group metadata is taken here, on the thread that handles rebalances and right after the engine built the batch out of lanes that it
  /// holds: Kafka checks the generation, not who owns a partition.
  private func commit(_ batch: Batch) {
    guard let group = edges.consumer.groupMetadata() else {
      edges.inbox.post(.ended(batch: batch.id, .fencedByGroup(reason: "this worker is in no generation of the group")))
      return
    }
    edges.transactions.commit(batch, group: group)
  }

  private func attempt(_ body: () throws(KafkaFailure) -> Void) {
    do throws(KafkaFailure) { try body() } catch { note(error) }
  }

  private func note(_ failure: KafkaFailure) {
    // Permission that is missing from the start is a matter of the configuration; withdrawn later, it may come back.
    if failure.isFatal || !hasBeenAssigned && failure.exitCode == .noPermission {
      end = end ?? .failed(failure)
      return
    }
    notes.write(failure)
    if let partition = failure.partition, started.contains(partition), failure.isOffsetLost {
      take(.lost(partition: partition, reason: failure.description))
    }
  }
}

/// How a worker ends.
enum WorkerEnd: Sendable {
  /// By a stop; `isWhole` where all that was in flight is settled.
  case stopped(isWhole: Bool)
  /// Because it cannot go on.
  case failed(reason: String, exitCode: Int32)

  /// Because a client of Kafka's cannot go on: 77 where permission is missing, else 75, for the next process may do better.
  static func failed(_ failure: KafkaFailure) -> WorkerEnd {
    let isForbidden = failure.exitCode == .noPermission
    return .failed(
      reason: failure.description, exitCode: (isForbidden ? ExitCode.noPermission : .tempFail).rawValue)
  }
}

extension KafkaFailure {
  /// Whether the records that should come next are not there.
  fileprivate var isOffsetLost: Bool { name == "OFFSET_OUT_OF_RANGE" || name == "_AUTO_OFFSET_RESET" }
}

extension Event {
  /// The place of the protocol at which the loop is before the engine hears of this.
  fileprivate var failpoint: Failpoint? {
    switch self {
    case .opened: .restored
    case .answered: .answered
    case .stored(let answers): answers.lazy.compactMap(\.failpoint).first
    case .ended: .ended
    case .assigned, .blocked, .lost, .revoking, .revoked, .received, .reachedEnd, .credentialChanged, .tick, .stop: nil
    }
  }
}

extension StoreAnswer {
  fileprivate var failpoint: Failpoint? {
    switch self {
    case .journaled: .journaled
    case .applied: .applied
    case .found, .due, .expired: nil
    }
  }
}
