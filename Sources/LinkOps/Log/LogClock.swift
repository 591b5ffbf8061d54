import LinkCore

/// Writes moments as RFC 3339 in UTC with milliseconds; a second's text is made once and its milliseconds are filled in.
struct LogClock {
  private var second: Int64 = .min
  private var text: [UInt8] = []

  /// `2026-01-31T23:59:59.123Z`
  mutating func format(_ moment: Timestamp) -> [UInt8] {
    let (quotient, remainder) = moment.milliseconds.quotientAndRemainder(dividingBy: 1000)
    let current = remainder < 0 ? quotient - 1 : quotient
    if current != second || text.isEmpty {
      second = current
      text = Self.format(second: current)
    }
    let milliseconds = moment.milliseconds - current * 1000
    text[20] = digit(milliseconds / 100)
    text[21] = digit(milliseconds / 10)
    text[22] = digit(milliseconds)
    return text
  }

  private func digit(_ number: Int64) -> UInt8 { UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10) }

  /// Days to a civil date by the era arithmetic of Howard Hinnant's `civil_from_days`.
  private static func format(second: Int64) -> [UInt8] {
    let secondOfDay = (second % 86_400 + 86_400) % 86_400
    let day = (second - secondOfDay) / 86_400 + 719_468
    let era = (day >= 0 ? day : day - 146_096) / 146_097
    let dayOfEra = day - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    var text: [UInt8] = []
    func append(_ number: Int64, width: Int, _ separator: String) {
      let digits = String(min(max(number, 0), 9999))
      text += String(repeating: "0", count: max(0, width - digits.count)).utf8
      text += digits.utf8
      text += separator.utf8
    }
    append(year, width: 4, "-")
    append(month, width: 2, "-")
    append(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1, width: 2, "T")
    append(secondOfDay / 3600, width: 2, ":")
    append(secondOfDay / 60 % 60, width: 2, ":")
    append(secondOfDay % 60, width: 2, ".000Z")
    return text
  }
}
