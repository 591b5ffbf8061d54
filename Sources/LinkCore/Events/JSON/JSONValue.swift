/// A value of a JSON text that was read as strictly as RFC 8259 and I-JSON (RFC 7493) allow: UTF-8 without a byte order mark, no
/// name twice in one object (decoded names are compared), no lone surrogate, a bounded depth, nothing after the end.
///
/// Numbers may have any size; an integer is one that is written without fraction and exponent and fits `Int64`, and is exact.
public struct JSONValue: Sendable {
  /// The kinds of JSON values.
  public enum Kind: UInt8, Sendable {
    /// `{…}`
    case object
    /// `[…]`
    case array
    /// `"…"`
    case string
    /// A number of any size and form.
    case number
    /// `true` or `false`
    case boolean
    /// `null`
    case null
  }

  let tape: JSONTape
  let index: Int

  /// Reads a whole JSON text, in time linear in its length and without recursion.
  ///
  /// - Parameters:
  ///   - bytes: the text; at most 2 GiB.
  ///   - rootLevel: the level of the outermost container. An event's envelope is level 0, so that its `data` is level 1.
  ///   - depthLimit: the last level at which a container may stand.
  /// - Throws: `not_utf8` before everything else; then `not_json`, `too_deep` or `duplicate_name`, whichever is met first.
  public init(parsing bytes: [UInt8], rootLevel: Int = 1, depthLimit: Int = 32) throws(Malformation) {
    guard bytes.count < Int(Int32.max) else { throw Malformation(.tooLarge, "The text has more than 2 GiB.") }
    guard Self.isUTF8(bytes) else { throw Malformation(.notUTF8, "The text is not UTF-8.") }
    var parser = JSONParser(bytes: bytes, rootLevel: rootLevel, depthLimit: depthLimit)
    try parser.parse()
    tape = JSONTape(bytes: bytes, nodes: parser.nodes)
    index = 0
  }

  init(tape: JSONTape, index: Int) {
    self.tape = tape
    self.index = index
  }

  /// What it is.
  public var kind: Kind { node.kind }

  /// The value byte for byte as written.
  public var written: [UInt8] { Array(tape.bytes[Int(node.start)..<Int(node.end)]) }

  /// How many bytes it takes as written.
  public var writtenCount: Int { Int(node.end - node.start) }

  /// The characters of a string, or nil for another kind.
  public var text: Text? {
    guard node.kind == .string else { return nil }
    let content = tape.bytes[Int(node.start) + 1..<Int(node.end) - 1]
    return Text(checked: node.isEscaped ? JSONEscapes.decoded(content) : Array(content))
  }

  /// An integer written without fraction and exponent that fits, or nil.
  public var integer: Int64? {
    guard node.kind == .number, node.isWhole else { return nil }
    var index = Int(node.start)
    let isNegative = tape.bytes[index] == UInt8(ascii: "-")
    if isNegative { index += 1 }
    // A negative sum, because Int64.min has no positive twin.
    var sum: Int64 = 0
    while index < Int(node.end) {
      let (product, productOverflow) = sum.multipliedReportingOverflow(by: 10)
      let (next, overflow) = product.subtractingReportingOverflow(Int64(tape.bytes[index] &- 0x30))
      if productOverflow || overflow { return nil }
      sum = next
      index += 1
    }
    if isNegative { return sum }
    return sum == .min ? nil : -sum
  }

  /// `true` or `false`, or nil for another kind.
  public var boolean: Bool? {
    guard node.kind == .boolean else { return nil }
    return tape.bytes[Int(node.start)] == UInt8(ascii: "t")
  }

  /// The members of an object or the elements of an array, in their order; none for another kind.
  public var children: Children { Children(of: self) }

  /// The member of that name, or nil.
  public subscript(name: StaticString) -> JSONValue? {
    guard node.kind == .object else { return nil }
    let end = Int(node.next)
    var member = index + 1
    while member < end {
      if tape.isNamed(member, name) { return JSONValue(tape: tape, index: member) }
      member = Int(tape.nodes[member].next)
    }
    return nil
  }

  /// The name of this member of an object; empty for another value.
  public var name: Text { Text(checked: tape.nodes.name(of: index, in: tape.bytes)) }

  /// Whether this is a member of that name.
  public func isNamed(_ expected: StaticString) -> Bool { tape.isNamed(index, expected) }

  /// Its JSON pointer (RFC 6901); of the nearest container that has one within 255 bytes.
  public var pointer: String { tape.nodes.pointer(to: index, in: tape.bytes) }

  /// The members or elements of one value.
  public struct Children: Sequence, IteratorProtocol {
    private let tape: JSONTape
    private var index: Int
    private let end: Int

    init(of container: JSONValue) {
      tape = container.tape
      index = container.index + 1
      end = Int(container.node.next)
    }

    /// The next one, or nil.
    public mutating func next() -> JSONValue? {
      guard index < end else { return nil }
      defer { index = Int(tape.nodes[index].next) }
      return JSONValue(tape: tape, index: index)
    }
  }

  private var node: JSONNode { tape.nodes[index] }

  static func isUTF8(_ bytes: [UInt8]) -> Bool { (try? UTF8Span(validating: bytes.span)) != nil }
}
