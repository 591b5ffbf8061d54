import Glibc
import LinkCore

/// The time by the machine's clock, which workers and brokers on it share.
func wallNow() -> Timestamp {
  var now = timespec()
  clock_gettime(CLOCK_REALTIME, &now)
  return Timestamp(milliseconds: Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000)
}
