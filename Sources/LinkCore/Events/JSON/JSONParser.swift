/// Reads one JSON text into nodes: iterative, so that no nesting overflows the stack, and linear in the text's length.
///
/// It expects UTF-8; `JSONValue` checks that first.
struct JSONParser {
  let bytes: [UInt8]
  private let rootLevel: Int
  private let depthLimit: Int
  var position = 0
  private(set) var nodes: [JSONNode] = []
  /// The containers that are not closed yet, outermost first; never more than the limit allows.
  private var open: [Container] = []
  /// The name that the next value has.
  private var pending = Name()

  private struct Container {
    var node: Int
    var isObject: Bool
    var memberCount = 0
    /// The names met so far, once they are too many to be compared one by one.
    var names: Set<Text>?
  }

  private struct Name {
    var start = 0
    var end = 0
    var isEscaped = false
  }

  /// Up to here comparing each name with each is faster than hashing.
  private static let comparedNameLimit = 16

  init(bytes: [UInt8], rootLevel: Int, depthLimit: Int) {
    self.bytes = bytes
    self.rootLevel = rootLevel
    self.depthLimit = depthLimit
    nodes.reserveCapacity(bytes.count / 12 + 4)
  }

  /// Reads the whole text.
  mutating func parse() throws(Malformation) {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { throw fault(.notJSON, "The text begins with a byte order mark.") }
    skipSpace()
    if position == bytes.count { throw fault(.notJSON, "The text is empty.") }
    while true {
      if try readValue() { continue }
      guard try readAfterValue() else { return }
    }
  }

  /// Reads the value at the position. True when it opened a container that expects another value next.
  private mutating func readValue() throws(Malformation) -> Bool {
    let start = position
    switch peek() {
    case UInt8(ascii: "{"):
      try openContainer(isObject: true)
      skipSpace()
      if peek() == UInt8(ascii: "}") {
        closeContainer()
        return false
      }
      try readName()
      return true
    case UInt8(ascii: "["):
      try openContainer(isObject: false)
      skipSpace()
      if peek() == UInt8(ascii: "]") {
        closeContainer()
        return false
      }
      return true
    case UInt8(ascii: "\""):
      let isEscaped = try readString()
      append(.string, from: start, isEscaped: isEscaped)
    case UInt8(ascii: "-"), 0x30...0x39:
      let isWhole = try readNumber()
      append(.number, from: start, isWhole: isWhole)
    case UInt8(ascii: "t"):
      try readLiteral("true")
      append(.boolean, from: start)
    case UInt8(ascii: "f"):
      try readLiteral("false")
      append(.boolean, from: start)
    case UInt8(ascii: "n"):
      try readLiteral("null")
      append(.null, from: start)
    default: throw fault(.notJSON, position == bytes.count ? Self.earlyEnd : "A value is expected at byte \(position).")
    }
    return false
  }

  /// Reads what follows a value: closes containers until a comma promises another value (true) or the text ends (false).
  private mutating func readAfterValue() throws(Malformation) -> Bool {
    // Only the flag is copied: a second reference to the set of names would make each insertion copy it.
    while let isObject = open.last?.isObject {
      skipSpace()
      switch peek() {
      case UInt8(ascii: ","):
        position += 1
        skipSpace()
        if isObject { try readName() }
        return true
      case UInt8(ascii: "}") where isObject, UInt8(ascii: "]") where !isObject: closeContainer()
      default:
        throw fault(
          .notJSON,
          position == bytes.count
            ? Self.earlyEnd : "A comma or the end of the container is expected at byte \(position).")
      }
    }
    skipSpace()
    if position < bytes.count { throw fault(.notJSON, "Something follows the end of the value at byte \(position).") }
    return false
  }

  private mutating func openContainer(isObject: Bool) throws(Malformation) {
    guard rootLevel + open.count <= depthLimit else {
      throw fault(.tooDeep, "Containers are nested deeper than \(depthLimit) levels.")
    }
    let start = position
    position += 1
    let node = nodes.count
    append(isObject ? .object : .array, from: start)
    open.append(Container(node: node, isObject: isObject))
  }

  private mutating func closeContainer() {
    position += 1
    let container = open.removeLast()
    nodes[container.node].end = Int32(position)
    nodes[container.node].next = Int32(nodes.count)
  }

  private mutating func append(
    _ kind: JSONValue.Kind, from start: Int, isEscaped: Bool = false, isWhole: Bool = false
  ) {
    nodes.append(
      JSONNode(
        kind: kind, isEscaped: isEscaped, isNameEscaped: pending.isEscaped, isWhole: isWhole, start: Int32(start),
        end: Int32(position), nameStart: Int32(pending.start), nameEnd: Int32(pending.end),
        next: Int32(nodes.count + 1),
        parent: Int32(open.last?.node ?? -1)))
    pending = Name()
  }

  /// Reads a member's name and its colon, and refuses one that its object already has.
  private mutating func readName() throws(Malformation) {
    guard peek() == UInt8(ascii: "\"") else {
      throw fault(
        .notJSON, position == bytes.count ? Self.earlyEnd : "A name in quotes is expected at byte \(position).")
    }
    let start = position + 1
    let isEscaped = try readString()
    let name = Name(start: start, end: position - 1, isEscaped: isEscaped)
    if isDuplicate(name) {
      throw fault(.duplicateName, at: decoded(name), "The name stands twice in one object.")
    }
    skipSpace()
    guard peek() == UInt8(ascii: ":") else {
      throw fault(.notJSON, position == bytes.count ? Self.earlyEnd : "A colon is expected at byte \(position).")
    }
    position += 1
    skipSpace()
    pending = name
  }

  private mutating func isDuplicate(_ name: Name) -> Bool {
    let last = open.count - 1
    open[last].memberCount += 1
    if open[last].memberCount > Self.comparedNameLimit {
      if open[last].names == nil {
        var names: Set<Text> = []
        var member = open[last].node + 1
        while member < nodes.count {
          names.insert(Text(checked: nodes.name(of: member, in: bytes)))
          member = Int(nodes[member].next)
        }
        open[last].names = names
      }
      let name = Text(checked: decoded(name))
      return open[last].names?.insert(name).inserted == false
    }
    var member = open[last].node + 1
    while member < nodes.count {
      if isSame(name, nodes[member]) { return true }
      member = Int(nodes[member].next)
    }
    return false
  }

  private func isSame(_ name: Name, _ node: JSONNode) -> Bool {
    if name.isEscaped || node.isNameEscaped {
      let other = Name(start: Int(node.nameStart), end: Int(node.nameEnd), isEscaped: node.isNameEscaped)
      return decoded(name) == decoded(other)
    }
    let count = name.end - name.start
    guard Int(node.nameEnd - node.nameStart) == count else { return false }
    for offset in 0..<count where bytes[name.start + offset] != bytes[Int(node.nameStart) + offset] { return false }
    return true
  }

  private func decoded(_ name: Name) -> [UInt8] {
    name.isEscaped ? JSONEscapes.decoded(bytes[name.start..<name.end]) : Array(bytes[name.start..<name.end])
  }

  /// A fault in the value that is being read: a member by its name, or its container.
  func fault(_ reason: Malformation.Reason, at name: [UInt8]? = nil, _ sentence: String) -> Malformation {
    guard let container = open.last else { return Malformation(reason, sentence) }
    let last = name ?? (pending.end > 0 ? decoded(pending) : nil)
    return Malformation(reason, at: nodes.pointer(to: container.node, in: bytes, appending: last), sentence)
  }
}
