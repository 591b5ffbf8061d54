import Dispatch
import Synchronization

/// Writes a load beside the thread that reads its outcomes.
final class LoadThread: Sendable {
  private let done = DispatchSemaphore(value: 0)
  private let failure = Mutex<(any Error)?>(nil)

  init(_ work: @escaping @Sendable () throws -> Void) {
    DispatchQueue(label: "linkbench.load").async { [self] in
      do { try work() } catch { failure.withLock { $0 = error } }
      done.signal()
    }
  }

  /// Waits for its end and throws what it threw.
  func join() throws {
    done.wait()
    if let error = failure.withLock({ $0 }) { throw error }
  }
}
