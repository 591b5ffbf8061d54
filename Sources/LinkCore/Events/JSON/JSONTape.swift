/// A JSON text and where its values stand in it: what every `JSONValue` of one text shares.
final class JSONTape: Sendable {
  let bytes: [UInt8]
  /// In the order in which the values begin: a container stands before what it holds.
  let nodes: [JSONNode]

  init(bytes: [UInt8], nodes: [JSONNode]) {
    self.bytes = bytes
    self.nodes = nodes
  }

  /// Whether a node is a member of that name. Reading an event asks this a hundred times: the lengths are compared first.
  func isNamed(_ index: Int, _ expected: StaticString) -> Bool {
    let node = nodes[index]
    let start = Int(node.nameStart)
    let count = expected.utf8CodeUnitCount
    if Int(node.nameEnd) - start != count {
      guard node.isNameEscaped else { return false }
      return expected.withUTF8Buffer { nodes.name(of: index, in: bytes).elementsEqual($0) }
    }
    return expected.withUTF8Buffer { expected in
      for offset in 0..<count where bytes[start + offset] != expected[offset] { return false }
      return true
    }
  }
}

/// Where one value stands. 32-bit offsets halve what a reader walks through; a text is far below 2 GiB.
struct JSONNode {
  var kind: JSONValue.Kind
  var isEscaped = false
  var isNameEscaped = false
  /// A number that is written without fraction and exponent.
  var isWhole = false
  /// The value as written, quotes and brackets included.
  var start: Int32
  var end: Int32
  /// The member's name between its quotes; empty at 0 where there is none.
  var nameStart: Int32 = 0
  var nameEnd: Int32 = 0
  /// The index after the last value that it holds: its next sibling, where it has one.
  var next: Int32
  /// The container's index, or -1.
  var parent: Int32
}

extension [JSONNode] {
  /// The JSON pointer (RFC 6901) of a node, or of the nearest container whose pointer stays within 255 bytes: a pointer goes into
  /// headers, events and logs, and a foreign name may have 60 000 bytes.
  func pointer(to index: Int, in bytes: [UInt8], appending last: [UInt8]? = nil) -> String {
    var tokens: [[UInt8]] = []
    var node = index
    while node >= 0, self[node].parent >= 0 {
      let parent = Int(self[node].parent)
      tokens.append(
        self[parent].kind == .object
          ? name(of: node, in: bytes) : Array<UInt8>("\(position(of: node, in: parent))".utf8))
      node = parent
    }
    tokens.reverse()
    if let last { tokens.append(last) }
    var pointer: [UInt8] = []
    for token in tokens {
      let escaped = token.flatMap { byte -> [UInt8] in
        switch byte {
        case UInt8(ascii: "~"): [byte, UInt8(ascii: "0")]
        case UInt8(ascii: "/"): [UInt8(ascii: "~"), UInt8(ascii: "1")]
        default: [byte]
        }
      }
      guard pointer.count + escaped.count < 255 else { break }
      pointer.append(UInt8(ascii: "/"))
      pointer += escaped
    }
    return String(decoding: pointer, as: UTF8.self)
  }

  /// A member's name, decoded.
  func name(of index: Int, in bytes: [UInt8]) -> [UInt8] {
    let node = self[index]
    let written = bytes[Int(node.nameStart)..<Int(node.nameEnd)]
    return node.isNameEscaped ? JSONEscapes.decoded(written) : Array<UInt8>(written)
  }

  private func position(of child: Int, in parent: Int) -> Int {
    var count = 0
    var sibling = parent + 1
    while sibling < child {
      sibling = Int(self[sibling].next)
      count += 1
    }
    return count
  }
}

/// The escapes of a JSON string (RFC 8259, 7).
enum JSONEscapes {
  /// The characters that `written`, a checked string without its quotes, stands for.
  static func decoded(_ written: ArraySlice<UInt8>) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(written.count)
    var index = written.startIndex
    while index < written.endIndex {
      guard written[index] == UInt8(ascii: "\\") else {
        text.append(written[index])
        index += 1
        continue
      }
      switch written[index + 1] {
      case UInt8(ascii: "b"): text.append(0x08)
      case UInt8(ascii: "f"): text.append(0x0C)
      case UInt8(ascii: "n"): text.append(0x0A)
      case UInt8(ascii: "r"): text.append(0x0D)
      case UInt8(ascii: "t"): text.append(0x09)
      case UInt8(ascii: "u"):
        var scalar = unit(written, at: index + 2)
        if scalar & 0xFC00 == 0xD800 {
          scalar = 0x10000 + (scalar & 0x3FF) << 10 + unit(written, at: index + 8) & 0x3FF
          index += 6
        }
        append(scalar, to: &text)
        index += 4
      case let itself: text.append(itself)
      }
      index += 2
    }
    return text
  }

  /// The value of a hexadecimal digit, or nil.
  static func digit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case 0x30...0x39: UInt32(byte - 0x30)
    case 0x41...0x46: UInt32(byte - 0x41 + 10)
    case 0x61...0x66: UInt32(byte - 0x61 + 10)
    default: nil
    }
  }

  private static func unit(_ written: ArraySlice<UInt8>, at index: Int) -> UInt32 {
    written[index..<index + 4].reduce(0) { $0 << 4 | (digit($1) ?? 0) }
  }

  private static func append(_ scalar: UInt32, to text: inout [UInt8]) {
    let tail = { (shift: UInt32) in UInt8(0x80 | scalar >> shift & 0x3F) }
    switch scalar {
    case ..<0x80: text.append(UInt8(scalar))
    case ..<0x800: text += [UInt8(0xC0 | scalar >> 6), tail(0)]
    case ..<0x10000: text += [UInt8(0xE0 | scalar >> 12), tail(6), tail(0)]
    default: text += [UInt8(0xF0 | scalar >> 18), tail(12), tail(6), tail(0)]
    }
  }
}
