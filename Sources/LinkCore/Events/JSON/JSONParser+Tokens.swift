/// What values are made of: strings, numbers, literals and the space between.
extension JSONParser {
  /// Reads a string from its opening quote on. True when it has escapes.
  mutating func readString() throws(Malformation) -> Bool {
    var isEscaped = false
    // A local index, which the compiler can keep in a register: most of a text's bytes pass through this loop.
    var index = position + 1
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\"") {
        position = index + 1
        return isEscaped
      }
      if byte == UInt8(ascii: "\\") {
        isEscaped = true
        position = index
        try readEscape()
        index = position
      } else if byte < 0x20 {
        throw fault(.notJSON, "A string has a bare control character at byte \(index).")
      } else {
        index += 1
      }
    }
    throw fault(.notJSON, Self.earlyEnd)
  }

  private mutating func readEscape() throws(Malformation) {
    let start = position
    position += 1
    switch peek() {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"),
      UInt8(ascii: "r"), UInt8(ascii: "t"):
      position += 1
    case UInt8(ascii: "u"):
      position += 1
      let unit = try readUnit(from: start)
      guard unit & 0xF800 == 0xD800 else { return }
      guard unit < 0xDC00, peek() == UInt8(ascii: "\\") else { throw loneSurrogate(at: start) }
      position += 1
      guard peek() == UInt8(ascii: "u") else { throw loneSurrogate(at: start) }
      position += 1
      guard try readUnit(from: start) & 0xFC00 == 0xDC00 else { throw loneSurrogate(at: start) }
    default:
      throw fault(
        .notJSON, position == bytes.count ? Self.earlyEnd : "A string has an unknown escape at byte \(start).")
    }
  }

  private mutating func readUnit(from start: Int) throws(Malformation) -> UInt32 {
    var unit: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = JSONEscapes.digit(peek()) else {
        throw fault(.notJSON, "A string has an escape without four hexadecimal digits at byte \(start).")
      }
      unit = unit << 4 | digit
      position += 1
    }
    return unit
  }

  /// Reads a number. True when it has neither fraction nor exponent.
  mutating func readNumber() throws(Malformation) -> Bool {
    let start = position
    if peek() == UInt8(ascii: "-") { position += 1 }
    if peek() == UInt8(ascii: "0") {
      position += 1
      if (0x30...0x39).contains(peek()) { throw fault(.notJSON, "A number has a leading zero at byte \(start).") }
    } else {
      try readDigits(from: start)
    }
    var isWhole = true
    if peek() == UInt8(ascii: ".") {
      isWhole = false
      position += 1
      try readDigits(from: start)
    }
    if peek() | 0x20 == UInt8(ascii: "e") {
      isWhole = false
      position += 1
      if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { position += 1 }
      try readDigits(from: start)
    }
    return isWhole
  }

  private mutating func readDigits(from start: Int) throws(Malformation) {
    let first = position
    while (0x30...0x39).contains(peek()) { position += 1 }
    if position == first { throw fault(.notJSON, "A number lacks a digit: it begins at byte \(start).") }
  }

  mutating func readLiteral(_ literal: StaticString) throws(Malformation) {
    let start = position
    let isThere = literal.withUTF8Buffer { bytes[start...].starts(with: $0) }
    guard isThere else { throw fault(.notJSON, "A value is expected at byte \(start).") }
    position += literal.utf8CodeUnitCount
  }

  mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return
      }
    }
  }

  /// The byte at the position, or 0 at the end: no JSON has a bare 0.
  func peek() -> UInt8 { position < bytes.count ? bytes[position] : 0 }

  static let earlyEnd = "The text ends before its value does."

  private func loneSurrogate(at start: Int) -> Malformation {
    fault(.notJSON, "A string has a lone surrogate at byte \(start).")
  }
}
