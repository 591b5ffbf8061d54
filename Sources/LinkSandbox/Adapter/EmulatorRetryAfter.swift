import Glibc
import LinkCore

/// What an emulator says in `Retry-After` (RFC 9110, 10.2.3) with status 429.
public enum EmulatorRetryAfter: Equatable, Sendable {
  /// No such header.
  case none
  /// So many seconds, 0 to 86 400.
  case seconds(Int)
  /// The date so many seconds, 0 to 86 400, after the answer, which HTTP writes in whole seconds.
  case date(Int)

  /// Reads `none`, `SECONDS` or `date:SECONDS`.
  public init?(_ text: String) {
    if text == "none" {
      self = .none
      return
    }
    let isDate = text.hasPrefix("date:")
    let digits = isDate ? text.dropFirst(5) : Substring(text)
    guard digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let seconds = Int(digits), (0...86_400).contains(seconds)
    else { return nil }
    self = isDate ? .date(seconds) : .seconds(seconds)
  }

  /// As it is read.
  public var name: String {
    switch self {
    case .none: "none"
    case .seconds(let seconds): "\(seconds)"
    case .date(let seconds): "date:\(seconds)"
    }
  }

  /// The header's value.
  func header(now: Timestamp) -> String? {
    switch self {
    case .none: nil
    case .seconds(let seconds): "\(seconds)"
    case .date(let seconds): Self.httpDate(now + Milliseconds(seconds) * 1_000)
    }
  }

  /// As in `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7), whatever the locale is.
  private static func httpDate(_ moment: Timestamp) -> String {
    var seconds = time_t(moment.milliseconds / 1_000)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let day = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][Int(parts.tm_wday)]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let date = "\(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(parts.tm_year + 1_900)"
    return "\(day), \(date) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
  }
}
