import LinkCore

/// A line for people: pieces of text, each in its colour, that can be cut to a terminal's width.
struct StyledLine: Hashable, Sendable {
  /// A piece.
  struct Span: Hashable, Sendable {
    var text: String
    var style: Style?
  }

  /// How a piece looks, by the parameter of ANSI's "select graphic rendition".
  enum Style: String, Sendable {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
    case cyan = "36"
  }

  /// In their order.
  private(set) var spans: [Span] = []

  /// A line of one piece.
  init(_ text: String = "", _ style: Style? = nil) { append(text, style) }

  /// Adds a piece at the end.
  mutating func append(_ text: String, _ style: Style? = nil) {
    if !text.isEmpty { spans.append(Span(text: text, style: style)) }
  }

  /// Adds all of another line at the end.
  mutating func append(_ line: StyledLine) { spans += line.spans }

  /// Adds blanks up to a column.
  mutating func pad(to column: Int) { append(String(repeating: " ", count: max(0, column - width))) }

  /// The text alone.
  var text: String { spans.map(\.text).joined() }

  /// The columns that it takes.
  var width: Int { spans.reduce(0) { $0 + $1.text.columnCount } }

  /// The line in at most so many columns; what is cut off ends in an ellipsis.
  func cut(to limit: Int) -> StyledLine {
    guard width > limit else { return self }
    var line = StyledLine()
    var rest = max(limit - 1, 0)
    for span in spans {
      let text = span.text.prefix(columns: rest)
      line.append(text, span.style)
      rest -= text.columnCount
      if text.count < span.text.count { break }
    }
    if limit > 0 { line.append("…", .dim) }
    return line
  }

  /// As a terminal takes it.
  func rendered(isColoured: Bool) -> String {
    guard isColoured else { return text }
    return spans.map { span in
      span.style.map { "\u{1B}[\($0.rawValue)m\(span.text)\u{1B}[0m" } ?? span.text
    }.joined()
  }
}
