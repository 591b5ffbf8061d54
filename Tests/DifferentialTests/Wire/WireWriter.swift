/// Writes the fields of a Kafka request: big-endian integers, strings and lists with their lengths. In the *compact* form lengths are varints, and
/// each structure ends with its tagged fields, of which there are none here.
struct WireWriter {
  private(set) var bytes: [UInt8] = []
  /// Whether the request is of the versions that have the compact form.
  let isCompact: Bool

  init(isCompact: Bool = false) { self.isCompact = isCompact }

  mutating func integer(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func boolean(_ value: Bool) { bytes.append(value ? 1 : 0) }

  mutating func string(_ text: String?) {
    guard let text else { return isCompact ? unsignedVarint(0) : integer(Int16(-1)) }
    let utf8 = Array(text.utf8)
    isCompact ? unsignedVarint(UInt64(utf8.count) + 1) : integer(Int16(utf8.count))
    raw(utf8)
  }

  mutating func data(_ data: [UInt8]?) {
    guard let data else { return isCompact ? unsignedVarint(0) : integer(Int32(-1)) }
    isCompact ? unsignedVarint(UInt64(data.count) + 1) : integer(Int32(data.count))
    raw(data)
  }

  mutating func list<Element>(_ elements: [Element], _ write: (inout WireWriter, Element) -> Void) {
    isCompact ? unsignedVarint(UInt64(elements.count) + 1) : integer(Int32(elements.count))
    for element in elements { write(&self, element) }
  }

  /// The end of a structure.
  mutating func tags() { if isCompact { unsignedVarint(0) } }

  mutating func raw(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

  mutating func unsignedVarint(_ value: UInt64) {
    var left = value
    while left > 0x7F {
      bytes.append(UInt8(truncatingIfNeeded: left) | 0x80)
      left >>= 7
    }
    bytes.append(UInt8(left))
  }

  /// A zigzag varint, as records have.
  mutating func varint(_ value: Int64) { unsignedVarint(UInt64(bitPattern: value << 1 ^ value >> 63)) }
}
