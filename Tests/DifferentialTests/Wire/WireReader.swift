import LinkTestSupport

/// Reads the fields of a Kafka answer, as `WireWriter` writes those of a request.
struct WireReader {
  private var bytes: ArraySlice<UInt8>
  let isCompact: Bool

  init(_ bytes: ArraySlice<UInt8>, isCompact: Bool = false) {
    self.bytes = bytes
    self.isCompact = isCompact
  }

  var isAtEnd: Bool { bytes.isEmpty }
  var count: Int { bytes.count }

  mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
    guard count >= 0, count <= bytes.count else { throw Missing("\(count) bytes of an answer that has \(bytes.count)") }
    defer { bytes = bytes.dropFirst(count) }
    return bytes.prefix(count)
  }

  mutating func integer<Integer: FixedWidthInteger>(_ type: Integer.Type = Integer.self) throws -> Integer {
    try take(Integer.bitWidth / 8).reduce(0) { $0 << 8 | Integer(truncatingIfNeeded: $1) }
  }

  mutating func string() throws -> String? {
    let length = isCompact ? try Int(unsignedVarint()) - 1 : Int(try integer(Int16.self))
    return length < 0 ? nil : String(decoding: try take(length), as: UTF8.self)
  }

  mutating func data() throws -> ArraySlice<UInt8>? {
    let length = isCompact ? try Int(unsignedVarint()) - 1 : Int(try integer(Int32.self))
    return length < 0 ? nil : try take(length)
  }

  mutating func list<Element>(_ read: (inout WireReader) throws -> Element) throws -> [Element] {
    let count = isCompact ? try Int(unsignedVarint()) - 1 : Int(try integer(Int32.self))
    guard count > 0 else { return [] }
    return try (0..<count).map { _ in try read(&self) }
  }

  /// The end of a structure; what is tagged is passed over.
  mutating func tags() throws {
    guard isCompact else { return }
    for _ in 0..<(try unsignedVarint()) {
      _ = try unsignedVarint()
      _ = try take(Int(try unsignedVarint()))
    }
  }

  mutating func error() throws -> WireError { WireError(code: try integer()) }

  mutating func unsignedVarint() throws -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while shift < 64 {
      let byte: UInt8 = try integer()
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    throw Missing("The end of a varint")
  }

  mutating func varint() throws -> Int64 {
    let raw = try unsignedVarint()
    return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
  }
}
