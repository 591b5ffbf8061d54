import Dispatch
import LinkCore
import LinkKafka
import Synchronization

/// Sends the samples once the worker has all partitions, so that what is seen to take its time is the way of a link,
/// and not the group's.
final class SampleSender: Sendable {
  private struct State: Sendable {
    var open: Set<Int32> = []
    var failure: KafkaFailure?
    var isEnded = false
  }

  private let records: [OutgoingRecord]
  private let kafka: KafkaProperties
  private let topics: [TopicRole: String]
  private let partitionCount: Int32
  private let interval: Milliseconds
  private let onFailure: @Sendable () -> Void
  private let queue = DispatchQueue(label: "linkworker.sandbox.samples")
  private let state = Mutex(State())

  /// A sender of all at once, or, for people who watch, one after the other at an interval.
  init(
    _ samples: [Sample], _ kafka: KafkaProperties, _ topics: WorkerSettings.Topics, partitionCount: Int32,
    interval: Milliseconds = 0, onFailure: @escaping @Sendable () -> Void
  ) {
    self.interval = interval
    records = samples.map(\.record)
    self.kafka = kafka
    self.topics = Dictionary(uniqueKeysWithValues: TopicRole.allCases.map { ($0, topics[$0]) })
    self.partitionCount = partitionCount
    self.onFailure = onFailure
  }

  /// Hears of the worker's partitions; sends when the last one is open for the first time.
  func take(_ observation: Observation) {
    guard case .noted(.laneOpened(let partition, _)) = observation else { return }
    let isLast = state.withLock { state in
      state.open.insert(partition).inserted && state.open.count == Int(partitionCount)
    }
    guard isLast else { return }
    queue.async { [self] in interval > 0 ? send(from: 0) : write(records) }
  }

  /// Sends nothing more, once what is under way is sent; throws where sending failed.
  func finish() throws(KafkaFailure) {
    let failure = queue.sync {
      state.withLock { state in
        state.isEnded = true
        return state.failure
      }
    }
    if let failure { throw failure }
  }

  private func send(from index: Int) {
    guard index < records.count, !state.withLock(\.isEnded) else { return }
    write([records[index]])
    queue.asyncAfter(deadline: .now() + .milliseconds(Int(interval))) { [self] in send(from: index + 1) }
  }

  private func write(_ records: [OutgoingRecord]) {
    do throws(KafkaFailure) {
      try KafkaWriter(properties: kafka, topics: topics).write(records)
    } catch {
      state.withLock { state in
        state.failure = error
        state.isEnded = true
      }
      onFailure()
    }
  }
}
