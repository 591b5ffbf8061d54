/// Text as it may stand in a log: what comes from outside can neither end a line, nor close a string, nor steer a terminal.
public enum LogText {
  /// Bytes of one text that are written; the rest is cut, and `…` says so.
  static let byteLimit = 4096

  /// `text` escaped as JSON, without quotes: for one line on a terminal. Cut after `limit` bytes.
  public static func escaped(_ text: String, limit: Int = 4096) -> String {
    var buffer: [UInt8] = []
    append(text, to: &buffer, limit: limit)
    return String(decoding: buffer, as: UTF8.self)
  }

  /// Appends `text` in double quotes, escaped as JSON.
  static func appendQuoted(_ text: String, to buffer: inout [UInt8]) {
    buffer.append(UInt8(ascii: "\""))
    append(text, to: &buffer)
    buffer.append(UInt8(ascii: "\""))
  }

  /// Appends `text` escaped as JSON, without quotes.
  static func append(_ text: String, to buffer: inout [UInt8], limit: Int = byteLimit) {
    var text = text
    text.withUTF8 { bytes in
      guard bytes.count > limit else { return append(bytes, to: &buffer) }
      var end = limit
      while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
      append(UnsafeBufferPointer(rebasing: bytes[..<end]), to: &buffer)
      buffer += "…".utf8
    }
  }

  /// Appends `number` in decimal, which `description` would do with an allocation.
  static func append(_ number: Int64, to buffer: inout [UInt8]) {
    if number < 0 { buffer.append(UInt8(ascii: "-")) }
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 19) { digits in
      var start = digits.count
      var rest = number.magnitude
      repeat {
        start -= 1
        digits.initializeElement(at: start, to: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
        rest /= 10
      } while rest > 0
      buffer.append(contentsOf: UnsafeMutableBufferPointer(rebasing: digits[start...]))
    }
  }

  /// Whether `text` reads as one word of a text line without quotes.
  static func isWord(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=") }
  }

  private static func append(_ bytes: UnsafeBufferPointer<UInt8>, to buffer: inout [UInt8]) {
    var clean = 0
    var index = 0
    while index < bytes.count {
      let length = escapedLength(at: index, of: bytes)
      guard length > 0 else {
        index += 1
        continue
      }
      buffer += bytes[clean..<index]
      appendEscape(bytes[index..<index + length], to: &buffer)
      index += length
      clean = index
    }
    buffer += bytes[clean...]
  }

  /// How many bytes from `index` on are one character that is written as an escape; 0 where it is written as it is.
  private static func escapedLength(at index: Int, of bytes: UnsafeBufferPointer<UInt8>) -> Int {
    let byte = bytes[index]
    if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0x7F { return 1 }
    guard byte >= 0xC2 else { return 0 }
    // U+0080-009F: the C1 controls, which terminals obey
    if byte == 0xC2, bytes[index + 1] < 0xA0 { return 2 }
    guard byte == 0xE2 else { return 0 }
    switch (bytes[index + 1], bytes[index + 2]) {
    // U+2028-202E line and paragraph separators, and directions that let a text read as another
    case (0x80, 0xA8...0xAE): return 3
    // U+2066-2069: the same by isolates
    case (0x81, 0xA6...0xA9): return 3
    default: return 0
    }
  }

  private static func appendEscape(_ character: Slice<UnsafeBufferPointer<UInt8>>, to buffer: inout [UInt8]) {
    guard let first = character.first else { return }
    switch first {
    case UInt8(ascii: "\""): buffer += #"\""#.utf8
    case UInt8(ascii: "\\"): buffer += #"\\"#.utf8
    case UInt8(ascii: "\n"): buffer += #"\n"#.utf8
    case UInt8(ascii: "\r"): buffer += #"\r"#.utf8
    case UInt8(ascii: "\t"): buffer += #"\t"#.utf8
    default:
      let scalar = String(decoding: character, as: UTF8.self).unicodeScalars.first?.value ?? 0xFFFD
      buffer += #"\u"#.utf8
      for shift in stride(from: UInt32(12), through: 0, by: -4) {
        let digit = UInt8(truncatingIfNeeded: scalar >> shift & 15)
        buffer.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
      }
    }
  }
}
