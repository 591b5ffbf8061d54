/// A piece of Unicode text that is equal to another only when its bytes are.
///
/// Swift's `String` compares by canonical equivalence: a composed and a decomposed "é" are one key of a dictionary. Broker
/// names and idempotency keys must never be normalised (the event rules), so they are `Text`.
public struct Text: Hashable, Comparable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
  /// The text in UTF-8; always valid.
  public let utf8: [UInt8]

  /// The text of `string`, byte for byte.
  public init(_ string: String) { utf8 = Array(string.utf8) }

  /// The text in these bytes, or nil where they are not UTF-8.
  public init?(utf8 bytes: some Collection<UInt8>) {
    guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
    utf8 = Array(bytes)
  }

  /// A text in bytes that the caller has already checked to be UTF-8.
  init(checked bytes: [UInt8]) { utf8 = bytes }

  /// A literal's text.
  public init(stringLiteral value: String) { self.init(value) }

  /// The same text as a Swift string.
  public var string: String { String(decoding: utf8, as: UTF8.self) }

  /// The same text as a Swift string.
  public var description: String { string }

  /// Its length in Unicode code points, as JSON Schema counts: bytes that do not continue a character.
  public var characterCount: Int { utf8.reduce(into: 0) { count, byte in if byte & 0xC0 != 0x80 { count += 1 } } }

  /// Whether it holds U+0000-001F or U+007F-009F, which no name or key may.
  public var hasControlCharacters: Bool {
    var previous: UInt8 = 0
    for byte in utf8 {
      if byte < 0x20 || byte == 0x7F { return true }
      if previous == 0xC2, byte < 0xA0 { return true }
      previous = byte
    }
    return false
  }

  /// Feeds the bytes as a whole: an array feeds them one by one, and links are looked up by their keys many times.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(utf8.count)
    utf8.withUnsafeBytes { hasher.combine(bytes: $0) }
  }

  /// In the order of their bytes.
  public static func < (left: Text, right: Text) -> Bool { left.utf8.lexicographicallyPrecedes(right.utf8) }
}
