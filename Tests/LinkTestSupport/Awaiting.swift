import Glibc

/// What did not come about in time, or is not as it has to be for a test to go on.
public struct Missing: Error, CustomStringConvertible {
  /// What was waited for, and what was there instead.
  public var description: String

  /// What is missing.
  public init(_ description: String) { self.description = description }
}

/// Waits until something holds that comes about by itself, asking every few milliseconds.
///
/// The time is only a limit for waiting: it has to be enough for a slow machine that does other things beside, and costs nothing where all goes well.
///
/// - Parameters:
///   - what: What is waited for, for the message.
///   - seconds: After these it throws `Missing`.
///   - state: What is there instead, for the message.
public func awaiting(
  _ what: String, within seconds: Double = 120, state: () -> String = { "" }, _ holds: () throws -> Bool
) throws {
  let deadline = uptime() + seconds
  while try !holds() {
    guard uptime() < deadline else { throw Missing("\(what) has not come within \(seconds) s. \(state())") }
    usleep(5_000)
  }
}

/// Seconds of a clock that nobody sets.
public func uptime() -> Double {
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
}
