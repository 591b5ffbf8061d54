import Dispatch
import LinkCore
import Synchronization

/// Where the edges' threads leave what happened for the loop, which owns the engine.
final class Inbox: Sendable {
  /// One thing that happened.
  enum Message: Sendable {
    /// For the engine.
    case event(Event)
    /// An edge is gone for good: the process has to end.
    case end(WorkerEnd)
  }

  private let waiting = Mutex<[Message]>([])
  private let arrived = DispatchSemaphore(value: 0)
  /// Wakes the loop out of its consumer's poll.
  private let alarm = Mutex<Alarm?>(nil)

  /// A function in a struct: one that stands in a `Mutex` by itself is wrapped once more by each `withLock`, and a call goes through all
  /// the wrappings.
  private struct Alarm: Sendable {
    var ring: @Sendable () -> Void
  }

  /// Has `wake` called whenever something is left here.
  func wakes(_ wake: @escaping @Sendable () -> Void) { alarm.withLock { $0 = Alarm(ring: wake) } }

  /// Leaves an event, from any thread.
  func post(_ event: Event) { put(.event(event)) }

  /// Says that the process has to end, from any thread.
  func end(_ end: WorkerEnd) { put(.end(end)) }

  /// Takes all that wait.
  func drain() -> [Message] {
    waiting.withLock { waiting in
      defer { waiting = [] }
      return waiting
    }
  }

  /// Whether nothing waits.
  var isEmpty: Bool { waiting.withLock(\.isEmpty) }

  /// Waits until something is left here: for the loop when it may not wait in its consumer's poll.
  func wait(milliseconds: Milliseconds) {
    guard isEmpty else { return }
    _ = arrived.wait(timeout: .now() + .milliseconds(Int(clamping: milliseconds)))
  }

  private func put(_ message: Message) {
    let wasEmpty = waiting.withLock { waiting in
      defer { waiting.append(message) }
      return waiting.isEmpty
    }
    // One wake for all that wait: the loop takes everything at once.
    guard wasEmpty else { return }
    arrived.signal()
    alarm.withLock { $0 }?.ring()
  }
}
