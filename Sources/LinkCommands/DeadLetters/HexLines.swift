/// Bytes that are no text, for people.
enum HexLines {
  private static let width = 16
  private static let alphabet = Array("0123456789abcdef".utf8)

  /// Lines of sixteen bytes: the place, the digits, and what of it is printable ASCII.
  static func of(_ bytes: [UInt8]) -> [String] {
    stride(from: 0, to: bytes.count, by: width).map { start in
      let row = bytes[start..<min(start + width, bytes.count)]
      let place = String(start, radix: 16)
      let digits = row.map { self.digits([$0]) }.joined(separator: " ")
      let text = String(decoding: row.map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: ".") }, as: UTF8.self)
      return String(repeating: "0", count: max(0, 8 - place.count)) + place + "  " + digits
        + String(repeating: " ", count: 3 * (width - row.count) + 2) + text
    }
  }

  /// Two digits a byte.
  static func digits(_ bytes: some Collection<UInt8>) -> String {
    String(decoding: bytes.flatMap { [alphabet[Int($0 >> 4)], alphabet[Int($0 & 15)]] }, as: UTF8.self)
  }
}
