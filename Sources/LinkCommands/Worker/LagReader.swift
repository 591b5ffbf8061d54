import Dispatch
import LinkCore
import Synchronization

/// How far partitions are behind of which the consumer fetches nothing: they are being restored, stand still, or wait for their leader.
///
/// It asks Kafka itself, at a bounded rate and on a thread of its own: the loop must not wait, and the restorer's may be busy for long.
final class LagReader: Sendable {
  private let queue = DispatchQueue(label: "linkworker.lag")
  private let question: any LagQuestion
  private let state = Mutex(State())

  /// Milliseconds from one question to the next.
  static let interval: Milliseconds = 10_000
  /// Milliseconds that the consumer has for its first fetch, or a restore for its end, before there is a question at all.
  static let grace: Milliseconds = 2_000

  private struct State {
    var lags: [Int32: Int64] = [:]
    /// When the next question may be asked; nil while there is nothing to ask.
    var next: Milliseconds?
    var isAsking = false
  }

  init(_ question: any LagQuestion) { self.question = question }

  /// What is known of these partitions, a partition of which nothing is known yet left out; has it asked anew where that is due.
  func lags(of partitions: Set<Int32>, at uptime: Milliseconds) -> [Int32: Int64] {
    state.withLock { state in
      // What was known of a partition before is of no use when it is asked for again.
      state.lags = state.lags.filter { partitions.contains($0.key) }
      guard !partitions.isEmpty else {
        state.next = nil
        return [:]
      }
      let next = state.next ?? uptime + Self.grace
      state.next = next
      if uptime >= next, !state.isAsking {
        state.next = uptime + Self.interval
        state.isAsking = true
        queue.async { [self] in ask(partitions.sorted()) }
      }
      return state.lags
    }
  }

  /// Waits for the question under way and ends its clients.
  func close() {
    question.cancel()
    queue.sync { question.close() }
  }

  /// Where Kafka does not answer, what was known stays.
  private func ask(_ partitions: [Int32]) {
    let found = question.lags(of: partitions)
    state.withLock { state in
      state.lags.merge(found) { $1 }
      state.isAsking = false
    }
  }
}

/// Who is asked for lags. One thread asks; `cancel` comes from another one.
protocol LagQuestion: Sendable {
  /// The offsets between the group's and the end, of those partitions for which they could be had.
  func lags(of partitions: [Int32]) -> [Int32: Int64]
  /// Has the question under way given up.
  func cancel()
  /// Ends what it asks with.
  func close()
}
