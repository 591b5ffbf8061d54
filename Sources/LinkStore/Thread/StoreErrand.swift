import LinkCore
import Synchronization

/// Something that the store's thread was asked to do.
public final class StoreErrand<Value: Sendable>: Sendable {
  private let result = Mutex<Result<Value, StoreFailure>?>(nil)
  private let bell: Bell

  init() throws(StoreFailure) { bell = try Bell() }

  func fill(_ value: Result<Value, StoreFailure>) {
    result.withLock { $0 = value }
    bell.ring()
  }

  /// Waits until it is done, and gives its result, or throws its failure. For one thread: a second one would wait for ever.
  public func value() throws(StoreFailure) -> Value {
    while true {
      if let result = result.withLock({ $0 }) { return try result.get() }
      bell.wait(atMost: nil)
    }
  }
}
