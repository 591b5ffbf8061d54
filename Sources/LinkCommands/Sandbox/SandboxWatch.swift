import Dispatch
import LinkCore
import LinkKafka
import LinkSandbox
import Synchronization

/// Reads what the worker writes, as a client area would, and hands it to the display as it comes. It has a thread of
/// its own.
final class SandboxWatch: Sendable {
  private let queue = DispatchQueue(label: "linkworker.sandbox.watch")
  private let plan: Plan
  private let isEnded = Mutex(false)
  private let result: Mutex<(board: Scoreboard, failure: KafkaFailure?)>

  /// Milliseconds without anything from Kafka after which its end is not waited for.
  private static let idleLimit: Milliseconds = 5_000

  /// What is watched, and for whom.
  struct Plan: Sendable {
    var kafka: KafkaProperties
    var topics: WorkerSettings.Topics
    var partitionCount: Int32
    var emulator: AdapterEmulator
    var display: SandboxDisplay
    /// Milliseconds after which nothing more is waited for.
    var limit: Milliseconds
    /// Called when all has come or the limit has passed.
    var onSettled: @Sendable (inout Scoreboard) -> Void
    /// Called when it cannot be read; `finish` tells why.
    var onFailure: @Sendable () -> Void
  }

  init(_ plan: Plan, samples: [Sample]) {
    self.plan = plan
    result = Mutex((Scoreboard(samples), nil))
  }

  /// Begins.
  func start() { queue.async { [self] in watch() } }

  /// Reads to the ends that stand now and returns what came, and why that may not be all. Call it when the worker writes
  /// nothing more.
  func finish() -> (board: Scoreboard, failure: KafkaFailure?) {
    isEnded.withLock { $0 = true }
    return queue.sync { result.withLock { $0 } }
  }

  private func watch() {
    let topics = plan.topics
    let count = plan.partitionCount
    let deadline = SystemClock.uptime() + plan.limit
    var board = result.withLock(\.board)
    var isSettled = false
    do {
      try KafkaBrowser(properties: plan.kafka).follow(
        [topics.requests: count, topics.outcomes: count, topics.deadLetters: count], idleLimit: Self.idleLimit,
        isDone: {
          if !isSettled, board.isComplete || SystemClock.uptime() >= deadline {
            isSettled = true
            board.isSettled = true
            plan.onSettled(&board)
          }
          return isEnded.withLock { $0 }
        },
        onRecord: { topic, record in
          if topic == topics.requests { plan.display.take(.requested(record)) }
          guard let sighting = sighting(topic, record) else { return }
          board.take(sighting)
          plan.display.take(.sighted(sighting))
        })
      result.withLock { $0 = (board, nil) }
    } catch {
      let failure = error as? KafkaFailure
      result.withLock { $0 = (board, failure) }
      plan.onFailure()
    }
  }

  private func sighting(_ topic: String, _ record: SourceRecord) -> Sighting? {
    switch topic {
    case plan.topics.outcomes: Sighting(outcome: record) { [emulator = plan.emulator] in emulator.verify($0) }
    case plan.topics.deadLetters: Sighting(deadLetter: record)
    default: Sighting(moved: record)
    }
  }
}
