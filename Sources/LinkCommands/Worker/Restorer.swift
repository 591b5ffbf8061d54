import Dispatch
import LinkCore
import LinkKafka
import LinkOps
import LinkStore
import Synchronization

/// Restores lanes from the state topic before anything of them is consumed (step 1 of the protocol), and finds out from its tail how a
/// transaction ended that nobody can tell of (step 7). It has a thread of its own: both wait for Kafka.
final class Restorer: Sendable {
  private let queue = DispatchQueue(label: "linkworker.restore")
  private let reader: Mutex<StateReader>
  private let admin: KafkaAdmin
  private let store: StoreThread
  private let transactions: TransactionQueue
  private let inbox: Inbox
  private let progress: RestoreProgress
  private let log: Log
  private let settings: Settings
  /// What was asked before the last revoke is of no use any more.
  private let generation = Mutex<UInt64>(0)

  /// What the restorer must know of the worker's settings.
  struct Settings: Sendable {
    /// The names of the requests and of the state topic, and how many partitions both had at the start.
    var requestsTopic: String
    var stateTopic: String
    var partitionCount: Int32
    /// Whether a lane without a committed offset starts at its beginning although its state is not empty.
    var startsFromBeginning: Bool
    /// Milliseconds after which a checkpoint may lie behind tombstones that are gone.
    var tombstoneRetention: Milliseconds
  }

  init(
    reader: sending StateReader, admin: KafkaAdmin, store: StoreThread, transactions: TransactionQueue, inbox: Inbox,
    progress: RestoreProgress, log: Log, settings: Settings
  ) {
    self.reader = Mutex(reader)
    self.admin = admin
    self.store = store
    self.transactions = transactions
    self.inbox = inbox
    self.progress = progress
    self.log = log
    self.settings = settings
  }

  /// Restores lanes; each is reported to the inbox as opened or blocked.
  func restore(_ lanes: [LaneID]) {
    let generation = generation.withLock { $0 }
    queue.async { [self] in
      defer { progress.giveUp() }
      retry(generation, "restore") { [self] in
        guard try topicsAreTheSame() else { return }
        try reader.withLock { reader in
          let restore = LaneRestore(
            reader: reader, store: store, progress: progress, log: log, settings: settings,
            isCancelled: { [self] in isPast(generation) })
          try transactions.prepare()
          let (events, found) = try restore.run(lanes)
          transactions.expectOffsets(found)
          for event in events where !isPast(generation) { inbox.post(event) }
        }
      }
    }
  }

  /// Whether the topics still have the partitions that they had at the start. Where they have not, users have other homes: the process ends.
  private func topicsAreTheSame() throws(KafkaFailure) -> Bool {
    let found = try admin.metadata(of: [settings.requestsTopic, settings.stateTopic])
    for topic in [settings.requestsTopic, settings.stateTopic] {
      let count = found[topic]?.partitions ?? 0
      guard count != Int(settings.partitionCount) else { continue }
      inbox.end(
        .failed(
          reason:
            "topic \(topic) had \(settings.partitionCount) partitions when the worker started, and has \(count) now: a user's "
            + "requests have their home by that number. Try: linkworker topics check, which says what to do",
          exitCode: ExitCode.config.rawValue))
      return false
    }
    return true
  }

  /// Finds out whether a batch was committed. The new producer is initialised first: behind that nothing of the old one can be
  /// committed any more.
  func reconcile(_ batch: Batch) {
    queue.async { [self] in
      // Not bound to a generation: the engine commits nothing more before it knows.
      retry(nil, "reconcile") { [self] in
        try transactions.prepare()
        let isFound = try reader.withLock { reader in
          try TailSearch(reader: reader, store: store, log: log, isCancelled: { [self] in isClosing.withLock { $0 } })
            .finds(batch)
        }
        guard let isCommitted = isFound else { return }
        inbox.post(
          .ended(
            batch: batch.id,
            isCommitted ? .committed(stateEnds: [:]) : .aborted(reason: "the state topic does not have it")))
      }
    }
  }

  /// Has what is under way given up: its lanes have gone.
  func cancel() { generation.withLock { $0 += 1 } }

  /// Waits for the work under way and ends the clients.
  func close() {
    cancel()
    isClosing.withLock { $0 = true }
    queue.sync { reader.withLock { $0.close() } }
  }

  private let isClosing = Mutex(false)

  private func isPast(_ generation: UInt64) -> Bool { self.generation.withLock { $0 } != generation }

  /// Tries until it succeeds, is of no use any more, or fails for good.
  private func retry(_ generation: UInt64?, _ name: String, _ body: () throws -> Void) {
    var pause: Milliseconds = 100
    while generation.map({ !isPast($0) }) ?? true, !isClosing.withLock({ $0 }) {
      do {
        return try body()
      } catch let failure as StoreFailure {
        if !failure.isPassing { return inbox.end(.failed(reason: failure.description, exitCode: failure.exitCode)) }
        progress.wait(for: failure.description)
        log.error("\(name).failed", "\(failure)")
      } catch {
        if let failure = error as? KafkaFailure, failure.isFatal {
          return inbox.end(.failed(failure))
        }
        progress.wait(for: "\(error)")
        log.warning("\(name).failed", "It is tried again: \(error)")
      }
      rest(pause)
      pause = min(pause * 2, 5000)
    }
  }

  /// Lets some time pass, unless everything ends.
  private func rest(_ pause: Milliseconds) {
    let until = SystemClock.uptime() + pause
    while SystemClock.uptime() < until, !isClosing.withLock({ $0 }) {
      _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(20))
    }
  }
}
