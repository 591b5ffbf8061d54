/// Writes an unambiguous form of some values: lengths before bytes, integers big-endian.
struct BinaryWriter {
  private(set) var bytes: [UInt8] = []

  init(capacity: Int) { bytes.reserveCapacity(capacity) }

  mutating func byte(_ value: UInt8) { bytes.append(value) }

  mutating func integer(_ value: Int64) {
    for shift in stride(from: Int64(56), through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  /// A length or a number of elements.
  mutating func count(_ value: Int) { integer(Int64(value)) }

  /// Bytes behind their length.
  mutating func bytes(_ value: [UInt8]) {
    count(value.count)
    bytes.append(contentsOf: value)
  }

  /// The characters of a text behind their length.
  mutating func string(_ value: String) { bytes(Array(value.utf8)) }

  /// Bytes, or the mark of their absence.
  mutating func optional(_ value: [UInt8]?) {
    guard let value else { return byte(0) }
    byte(1)
    bytes(value)
  }

  /// An integer, or the mark of its absence.
  mutating func optional(_ value: Int64?) {
    guard let value else { return byte(0) }
    byte(1)
    integer(value)
  }
}

/// Reads what a `BinaryWriter` wrote; every method is nil where the bytes end too soon or are something else.
struct BinaryReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { position == bytes.count }

  mutating func byte() -> UInt8? {
    guard position < bytes.count else { return nil }
    defer { position += 1 }
    return bytes[position]
  }

  mutating func integer() -> Int64? {
    guard bytes.count - position >= 8 else { return nil }
    defer { position += 8 }
    return bytes[position..<position + 8].reduce(0) { $0 << 8 | Int64($1) }
  }

  /// A number of elements that take at least `size` bytes each, so that a damaged one reserves nothing.
  mutating func count(ofAtLeast size: Int) -> Int? {
    guard let value = integer(), value >= 0, value <= Int64((bytes.count - position) / size) else { return nil }
    return Int(value)
  }

  mutating func slice() -> [UInt8]? {
    guard let count = count(ofAtLeast: 1) else { return nil }
    defer { position += count }
    return Array(bytes[position..<position + count])
  }

  mutating func optionalSlice() -> [UInt8]?? {
    switch byte() {
    case 0: .some(nil)
    case 1: slice().map { .some($0) }
    default: nil
    }
  }

  mutating func optionalInteger() -> Int64?? {
    switch byte() {
    case 0: .some(nil)
    case 1: integer().map { .some($0) }
    default: nil
    }
  }
}
