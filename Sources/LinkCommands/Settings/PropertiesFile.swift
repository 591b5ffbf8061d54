/// A file in the syntax of Java's `Properties.load`, read as UTF-8: comments after `#` or `!`, a name and its value parted by `=`, `:` or
/// blanks, a backslash at the end of a line joins the next one, `\t \n \f \r \uXXXX` escape.
///
/// Where Java is lenient this is too, with three exceptions, each of which hides a mistake: a name that stands twice, half a surrogate
/// pair, and bytes that are not UTF-8.
struct PropertiesFile {
  /// A name, its value and the line on which it begins.
  struct Entry: Hashable {
    var name: String
    var value: String
    var line: Int
  }

  /// What is wrong on a line. The line itself is not shown: it may hold a secret.
  struct Fault: Error, Hashable {
    var line: Int
    var reason: String
    var hint: String
  }

  /// In the order of the file.
  private(set) var entries: [Entry] = []
  /// Every fault, in the order of the file.
  private(set) var faults: [Fault] = []

  init(_ bytes: [UInt8]) {
    var firstLines: [String: Int] = [:]
    for line in Self.logicalLines(of: bytes) {
      do {
        let entry = try Self.entry(line)
        if let first = firstLines.updateValue(entry.line, forKey: entry.name) {
          faults.append(
            Fault(
              line: entry.line, reason: "sets \(quoted(entry.name)) a second time, after line \(first)",
              hint: "keep one of the two"))
        } else {
          entries.append(entry)
        }
      } catch {
        faults.append(error)
      }
    }
  }

  /// A line after its continuations were joined, comments and blank lines left out.
  private struct LogicalLine {
    var bytes: [UInt8]
    var number: Int
  }

  private static func logicalLines(of bytes: [UInt8]) -> [LogicalLine] {
    var lines: [LogicalLine] = []
    var open: LogicalLine?
    for (index, natural) in naturalLines(of: bytes).enumerated() {
      let content = natural.drop(while: isBlank)
      if open == nil, content.isEmpty || content.first == UInt8(ascii: "#") || content.first == UInt8(ascii: "!") {
        continue
      }
      var line = open ?? LogicalLine(bytes: [], number: index + 1)
      // An even number of backslashes are escaped ones
      let continues = content.reversed().prefix { $0 == UInt8(ascii: "\\") }.count % 2 == 1
      line.bytes += continues ? content.dropLast() : content
      if continues {
        open = line
      } else {
        lines.append(line)
        open = nil
      }
    }
    if let open { lines.append(open) }
    return lines
  }

  /// Split at LF, CR and CRLF, after a byte order mark where an editor has written one.
  private static func naturalLines(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    var lines: [ArraySlice<UInt8>] = []
    var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    var index = start
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
        lines.append(bytes[start..<index])
        if byte == UInt8(ascii: "\r"), index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "\n") { index += 1 }
        start = index + 1
      }
      index += 1
    }
    lines.append(bytes[start...])
    return lines
  }

  private static func entry(_ line: LogicalLine) throws(Fault) -> Entry {
    let bytes = line.bytes
    var end = 0
    while end < bytes.count, !isBlank(bytes[end]), !isSeparator(bytes[end]) {
      end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1
    }
    end = min(end, bytes.count)
    var start = end
    while start < bytes.count, isBlank(bytes[start]) { start += 1 }
    if start < bytes.count, isSeparator(bytes[start]) {
      start += 1
      while start < bytes.count, isBlank(bytes[start]) { start += 1 }
    }
    return Entry(
      name: try unescaped(bytes[..<end], line.number), value: try unescaped(bytes[start...], line.number),
      line: line.number)
  }

  private static func unescaped(_ bytes: ArraySlice<UInt8>, _ line: Int) throws(Fault) -> String {
    var result: [UInt8] = []
    var rest = bytes
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        result.append(byte)
        continue
      }
      switch rest.popFirst() {
      case UInt8(ascii: "t"): result.append(0x09)
      case UInt8(ascii: "n"): result.append(0x0A)
      case UInt8(ascii: "f"): result.append(0x0C)
      case UInt8(ascii: "r"): result.append(0x0D)
      case UInt8(ascii: "u"): result += try scalar(&rest, line).utf8
      case let other?: result.append(other)
      case nil: break
      }
    }
    guard let text = String(validating: result, as: UTF8.self) else {
      throw Fault(line: line, reason: "is not UTF-8", hint: #"save the file as UTF-8, or write \uXXXX"#)
    }
    return text
  }

  /// The character after `\u`, the second half of a pair included.
  private static func scalar(_ rest: inout ArraySlice<UInt8>, _ line: Int) throws(Fault) -> String {
    let unit = try codeUnit(&rest, line)
    if let scalar = Unicode.Scalar(unit) { return String(scalar) }
    guard UTF16.isLeadSurrogate(unit), rest.starts(with: #"\u"#.utf8) else { throw halfPair(line) }
    rest.removeFirst(2)
    let second = try codeUnit(&rest, line)
    guard UTF16.isTrailSurrogate(second) else { throw halfPair(line) }
    return String(decoding: [unit, second], as: UTF16.self)
  }

  private static func codeUnit(_ rest: inout ArraySlice<UInt8>, _ line: Int) throws(Fault) -> UInt16 {
    let digits = rest.prefix(4)
    guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    else {
      throw Fault(
        line: line, reason: #"has a \u without four hexadecimal digits"#,
        hint: #"double the backslash, or write \uXXXX"#)
    }
    rest.removeFirst(4)
    return unit
  }

  private static func halfPair(_ line: Int) -> Fault {
    Fault(line: line, reason: #"has half of a surrogate pair"#, hint: "write the character itself")
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0C }

  private static func isSeparator(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "=") || byte == UInt8(ascii: ":") }
}
