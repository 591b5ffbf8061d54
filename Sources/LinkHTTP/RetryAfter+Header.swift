import CCurl
public import LinkCore

extension RetryAfter {
  /// The longest delay that is believed: a year. Whoever uses it caps it further.
  public static let delayLimit: Milliseconds = 365 * 86_400_000

  /// The value of a `Retry-After` header (RFC 9110, 10.2.3): seconds, or a date in one of the three forms of HTTP (5.6.7); nil for
  /// anything else. Absurd numbers are held to `delayLimit`, dates to the years 1970 to 9999.
  public init?(header value: String) {
    let text = value.utf8.drop { $0 == 0x20 || $0 == 0x09 }
    guard let first = text.first, text.count <= 64 else { return nil }
    if (0x30...0x39).contains(first) {
      var digits = Substring(text)
      while digits.hasSuffix(" ") || digits.hasSuffix("\t") { digits = digits.dropLast() }
      guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
      // What does not fit into 64 bits is a very long time.
      let seconds = Int64(digits) ?? .max
      self = .delay(min(seconds, Self.delayLimit / 1_000) * 1_000)
      return
    }
    // A date begins with the day's name; libcurl's parser would take much else.
    guard ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].contains(where: Substring(text).hasPrefix) else {
      return nil
    }
    guard text.contains(0x3A) else { return nil }
    let seconds = curl_getdate(String(Substring(text)), nil)
    guard seconds >= 0 else { return nil }
    self = .date(Timestamp(milliseconds: min(Int64(seconds), 253_402_300_799) * 1_000))
  }
}
