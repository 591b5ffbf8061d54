import Glibc
public import LinkCore
import Synchronization

/// Lets an alarm that repeats itself through once an interval, and counts the ones that it held back.
public final class AlarmLimiter: Sendable {
  private let interval: Milliseconds
  private let keyLimit: Int
  private let entries = Mutex<[String: Entry]>([:])

  private struct Entry {
    var last: Milliseconds
    var suppressed: Int64
  }

  /// Once every `interval`, by key. Of more than `keyLimit` keys the one that was quiet longest is forgotten, with its count.
  public init(interval: Milliseconds = 30_000, keyLimit: Int = 1024) {
    self.interval = interval
    self.keyLimit = keyLimit
  }

  /// Whether the alarm of this key is to be raised at `uptime`: then how many were held back since the last one, else nil.
  public func admit(_ key: String, uptime: Milliseconds = AlarmLimiter.uptime()) -> Int64? {
    entries.withLock { entries in
      if let entry = entries[key], uptime - entry.last < interval {
        entries[key]?.suppressed += 1
        return nil
      }
      if entries[key] == nil, entries.count >= keyLimit,
        let oldest = entries.min(by: { ($0.value.last, $0.key) < ($1.value.last, $1.key) })
      {
        entries[oldest.key] = nil
      }
      return entries.updateValue(Entry(last: uptime, suppressed: 0), forKey: key)?.suppressed ?? 0
    }
  }

  /// Milliseconds of the clock that never jumps.
  public static func uptime() -> Milliseconds {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}

extension Log {
  /// Writes a line unless `limiter` holds it back; the field `suppressed` says how many of the same `key` it held back before.
  public func alarm(
    _ level: LogLevel, _ event: String, key: String, limiter: AlarmLimiter, _ message: @autoclosure () -> String,
    _ fields: @autoclosure () -> LogFields = [:]
  ) {
    guard writes(level), let suppressed = limiter.admit(key) else { return }
    var all = fields()
    if suppressed > 0 { all.append("suppressed", .integer(suppressed)) }
    write(level, event, message(), all)
  }
}
