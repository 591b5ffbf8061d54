import Dispatch
import LinkCore
import LinkKafka
import LinkTestSupport
import Synchronization

/// Writes requests on a thread of its own, in their order. As a client does, it writes again what was not confirmed.
final class RequestWriter: Sendable {
  private let queue = DispatchQueue(label: "requests")
  private let writer: Mutex<KafkaWriter>
  private let failure = Mutex<String?>(nil)

  init(_ writer: sending KafkaWriter) { self.writer = Mutex(writer) }

  /// Has the records written.
  func write(_ records: [OutgoingRecord]) {
    queue.async { [self] in
      do { try confirm(records) } catch { failure.withLock { $0 = $0 ?? "\(error)" } }
    }
  }

  /// Waits until all of them are confirmed.
  func drain() throws {
    queue.sync {}
    if let failure = failure.withLock({ $0 }) { throw Missing("Confirmation of all requests: \(failure)") }
  }

  private func confirm(_ records: [OutgoingRecord]) throws {
    var last = ""
    try awaiting("Confirmation of \(records.count) requests", within: 120, state: { last }) {
      let failure = writer.withLock { writer in
        do throws(KafkaFailure) {
          try writer.write(records, timeout: 15_000)
          return KafkaFailure?.none
        } catch {
          return error
        }
      }
      if let failure, failure.isFatal { throw failure }
      last = failure?.description ?? ""
      return failure == nil
    }
  }
}
