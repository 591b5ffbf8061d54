import Glibc
public import LinkCore

/// The clock that never jumps.
enum Uptime {
  /// Milliseconds since some fixed moment.
  static var now: Milliseconds { milliseconds(CLOCK_MONOTONIC) }
}

/// What the system's calendar says now, for a store that is given no other clock.
@Sendable public func systemTime() -> Timestamp { Timestamp(milliseconds: milliseconds(CLOCK_REALTIME)) }

private func milliseconds(_ clock: clockid_t) -> Milliseconds {
  var time = timespec()
  clock_gettime(clock, &time)
  return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
}
