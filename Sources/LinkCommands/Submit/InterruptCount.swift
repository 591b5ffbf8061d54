import Synchronization

/// How often somebody has asked for the end, and when first.
final class InterruptCount: Sendable {
  private let state = Mutex((count: 0, at: Int64(0)))

  /// Somebody asks.
  func note() {
    state.withLock { state in
      if state.count == 0 { state.at = SystemClock.uptime() }
      state.count += 1
    }
  }

  /// How often.
  var count: Int { state.withLock(\.count) }

  /// Milliseconds since the first; nil where nobody has.
  var age: Int64? { state.withLock { $0.count == 0 ? nil : SystemClock.uptime() - $0.at } }
}
