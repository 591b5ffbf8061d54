import Dispatch
import LinkCore
import LinkFailpoints
import LinkKafka
import LinkOps
import Synchronization

/// The transaction thread: it alone touches the publisher, since commits block. It never needs the loop to finish one, else a
/// revoke would wait for itself.
final class TransactionQueue: Sendable {
  private let queue = DispatchQueue(label: "linkworker.transactions")
  private let publisher: Mutex<TransactionalPublisher>
  private let inbox: Inbox
  /// Beats with each commit. What prepares a producer may wait for Kafka, and has none.
  private let pulse: Pulse

  init(publisher: sending TransactionalPublisher, inbox: Inbox, pulse: Pulse) {
    self.publisher = Mutex(publisher)
    self.inbox = inbox
    self.pulse = pulse
  }

  /// Commits a batch, fenced by the group as `group` knows it; how it ended comes to the inbox.
  func commit(_ batch: Batch, group: GroupMetadata) {
    queue.async { [self] in
      pulse.beat(at: SystemClock.uptime())
      Failpoint.committing.reach()
      let result = publisher.withLock { $0.commit(batch, group: group) }
      pulse.rest()
      inbox.post(.ended(batch: batch.id, result))
    }
  }

  /// Has an initialised producer, and so no transaction of an earlier life left open: before anything is restored.
  func prepare() throws(KafkaFailure) {
    try queue.sync { Result { () throws(KafkaFailure) in try prepareNow() } }.get()
  }

  /// Whether the group has committed an offset of each of these partitions: its loss is noticed from now on.
  func expectOffsets(_ found: [Int32: Bool]) {
    queue.sync { publisher.withLock { $0.expectOffsets(found) } }
  }

  /// Waits until nothing is under way.
  func drain() { queue.sync {} }

  /// Ends the producer.
  func close() { queue.sync { publisher.withLock { $0.close() } } }

  private func prepareNow() throws(KafkaFailure) {
    let result = publisher.withLock { publisher in
      Result { () throws(KafkaFailure) in try publisher.prepare() }
    }
    try result.get()
  }
}
