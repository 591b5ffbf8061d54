import Glibc
import LinkCore

/// The machine's clocks: the one place where the worker reads them.
enum SystemClock {
  /// Both clocks now.
  static func now() -> Now { Now(wall: wall(), uptime: uptime()) }

  /// The calendar's time.
  static func wall() -> Timestamp { Timestamp(milliseconds: read(CLOCK_REALTIME)) }

  /// Milliseconds since the machine's start.
  static func uptime() -> Milliseconds { read(CLOCK_MONOTONIC) }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}
