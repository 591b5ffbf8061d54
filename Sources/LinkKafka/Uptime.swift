import Glibc

/// The clock that never jumps and does not stand still while the machine sleeps: a broker's timeouts run on then, too.
enum Uptime {
  /// Milliseconds since the machine started.
  static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
  }
}
