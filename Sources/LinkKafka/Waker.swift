import CRdKafka
import Synchronization

/// Ends a consumer's `poll` that waits, from any thread.
public final class Waker: Sendable {
  private let queue: Mutex<UInt>

  init(queue: OpaquePointer?) { self.queue = Mutex(UInt(bitPattern: queue)) }

  /// Makes the poll that waits, else the next one, return at once. Does nothing once the consumer is closed.
  public func wake() {
    queue.withLock { address in
      if let queue = OpaquePointer(bitPattern: address) { rd_kafka_queue_yield(queue) }
    }
  }

  /// Gives the queue back: this must come before its client is destroyed.
  func invalidate() {
    queue.withLock { address in
      if let queue = OpaquePointer(bitPattern: address) { rd_kafka_queue_destroy(queue) }
      address = 0
    }
  }
}
