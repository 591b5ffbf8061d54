extension Timestamp {
  /// The moment that `text` writes as RFC 3339 has it (5.6, `date-time`), or nil.
  ///
  /// The offset is required; `t` and `z` may be lower case; a fraction of any length is cut to milliseconds; every date must exist
  /// (years 0000-9999). A leap second stands only where UTC may have one, at 23:59:60 of a month's last day, and counts as the
  /// first second of the next.
  public init?(rfc3339 text: some Collection<UInt8>) {
    // The longest text without a fraction has 25 bytes; the fraction is read through, never kept.
    var reader = RFC3339Reader(bytes: Array(text))
    guard let milliseconds = reader.read() else { return nil }
    self.init(milliseconds: milliseconds)
  }

  /// The moment as RFC 3339 in UTC with milliseconds: `2026-01-02T03:04:05.678Z`. What lies outside the years 0000-9999, which the
  /// format cannot say, is held at its first and last moment.
  public var rfc3339: String { String(decoding: rfc3339Bytes, as: UTF8.self) }

  var rfc3339Bytes: [UInt8] {
    let held = min(max(milliseconds, Self.firstWritable), Self.lastWritable)
    let (day, time) = held.flooringDivision(by: 86_400_000)
    let date = CivilDate(daysSinceEpoch: day)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(24)
    bytes.append(digits: 4, of: date.year)
    bytes.append(UInt8(ascii: "-"))
    bytes.append(digits: 2, of: date.month)
    bytes.append(UInt8(ascii: "-"))
    bytes.append(digits: 2, of: date.day)
    bytes.append(UInt8(ascii: "T"))
    bytes.append(digits: 2, of: time / 3_600_000)
    bytes.append(UInt8(ascii: ":"))
    bytes.append(digits: 2, of: time / 60_000 % 60)
    bytes.append(UInt8(ascii: ":"))
    bytes.append(digits: 2, of: time / 1000 % 60)
    bytes.append(UInt8(ascii: "."))
    bytes.append(digits: 3, of: time % 1000)
    bytes.append(UInt8(ascii: "Z"))
    return bytes
  }

  /// 0000-01-01T00:00:00.000Z.
  private static let firstWritable: Int64 = -62_167_219_200_000
  /// 9999-12-31T23:59:59.999Z.
  private static let lastWritable: Int64 = 253_402_300_799_999
}

/// Reads one RFC 3339 `date-time`.
private struct RFC3339Reader {
  let bytes: [UInt8]
  var position = 0

  mutating func read() -> Int64? {
    guard let year = number(digits: 4), take(UInt8(ascii: "-")), let month = number(digits: 2),
      (1...12).contains(month),
      take(UInt8(ascii: "-")), let day = number(digits: 2), day >= 1, day <= CivilDate.days(of: month, in: year)
    else { return nil }
    guard takeLetter(UInt8(ascii: "t")), let hour = number(digits: 2), hour < 24, take(UInt8(ascii: ":")),
      let minute = number(digits: 2), minute < 60, take(UInt8(ascii: ":")), let second = number(digits: 2), second <= 60
    else { return nil }
    guard let fraction = fraction(), let offset = offset(), position == bytes.count else { return nil }
    let days = CivilDate(year: year, month: month, day: day).daysSinceEpoch
    let minutes = days * 1440 + hour * 60 + minute - offset
    if second == 60, !endsMonth(minutes) { return nil }
    return (minutes * 60 + second) * 1000 + fraction
  }

  /// Whether this minute of UTC is the last one of a month: the only one that may have a leap second.
  private func endsMonth(_ minutes: Int64) -> Bool {
    let (day, minute) = minutes.flooringDivision(by: 1440)
    return minute == 1439 && CivilDate(daysSinceEpoch: day + 1).day == 1
  }

  private mutating func number(digits: Int) -> Int64? {
    guard position + digits <= bytes.count else { return nil }
    var value: Int64 = 0
    for _ in 0..<digits {
      guard let digit = digit() else { return nil }
      value = value * 10 + digit
    }
    return value
  }

  /// The fraction in milliseconds, 0 where there is none, nil where a point has no digit after it.
  private mutating func fraction() -> Int64? {
    guard take(UInt8(ascii: ".")) else { return 0 }
    guard var value = digit() else { return nil }
    var count = 1
    while let digit = digit() {
      if count < 3 {
        value = value * 10 + digit
        count += 1
      }
    }
    while count < 3 {
      value *= 10
      count += 1
    }
    return value
  }

  /// Minutes east of UTC, or nil where none are written.
  private mutating func offset() -> Int64? {
    if takeLetter(UInt8(ascii: "z")) { return 0 }
    let isWest = take(UInt8(ascii: "-"))
    guard isWest || take(UInt8(ascii: "+")), let hour = number(digits: 2), hour < 24, take(UInt8(ascii: ":")),
      let minute = number(digits: 2), minute < 60
    else { return nil }
    return isWest ? -(hour * 60 + minute) : hour * 60 + minute
  }

  private mutating func digit() -> Int64? {
    guard position < bytes.count, (0x30...0x39).contains(bytes[position]) else { return nil }
    defer { position += 1 }
    return Int64(bytes[position] - 0x30)
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func takeLetter(_ letter: UInt8) -> Bool { take(letter) || take(letter - 0x20) }
}

/// A day of the proleptic Gregorian calendar.
private struct CivilDate {
  var year: Int64
  var month: Int64
  var day: Int64

  init(year: Int64, month: Int64, day: Int64) {
    self.year = year
    self.month = month
    self.day = day
  }

  // Years are counted from March, so that the leap day is a year's last; 400 of them have 146 097 days.

  init(daysSinceEpoch: Int64) {
    let (era, dayOfEra) = (daysSinceEpoch + 719_468).flooringDivision(by: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  var daysSinceEpoch: Int64 {
    let (era, yearOfEra) = (month <= 2 ? year - 1 : year).flooringDivision(by: 400)
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  static func days(of month: Int64, in year: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}

extension Int64 {
  /// Quotient and remainder, the remainder never negative.
  fileprivate func flooringDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}

extension [UInt8] {
  fileprivate mutating func append(digits: Int, of value: Int64) {
    var divisor: Int64 = 1
    for _ in 1..<digits { divisor *= 10 }
    while divisor > 0 {
      append(UInt8(0x30 + value / divisor % 10))
      divisor /= 10
    }
  }
}
