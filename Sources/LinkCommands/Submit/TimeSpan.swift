import LinkCore

/// A length of time as people write it: `120s`, `5m`, `1h30m`, `2d`, `500ms`.
enum TimeSpan {
  /// The milliseconds that `text` writes: whole numbers, each with its unit, of any order of size; nil for anything else, or for more than
  /// Int64 holds.
  static func milliseconds(_ text: String) -> Milliseconds? {
    var rest = Substring(text)
    var sum: Milliseconds = 0
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest.dropFirst(digits.count)
      let letters = rest.prefix { $0.isASCII && $0.isLetter }
      rest = rest.dropFirst(letters.count)
      guard let number = Int64(digits), let unit = units[String(letters)] else { return nil }
      let (product, isTooLarge) = number.multipliedReportingOverflow(by: unit)
      let (next, isAbove) = sum.addingReportingOverflow(product)
      if isTooLarge || isAbove { return nil }
      sum = next
    }
    return text.isEmpty ? nil : sum
  }

  private static let units: [String: Milliseconds] = [
    "ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000,
  ]
}
