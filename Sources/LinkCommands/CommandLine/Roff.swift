/// A manual page in roff's man macros (man(7)). Whatever stands in the texts that it is given is shown as it is; only backticks have a
/// meaning: what is between two of them is to be typed, and shown bold.
struct Roff {
  /// What is written so far.
  private(set) var text: String
  /// Whether a heading stands last: what follows it needs no macro to be a paragraph.
  private var isBelowHeading = false

  /// A page of this name in a section of the manual, of a day written as in `2026-03-02`.
  init(name: String, section: Int, date: String, source: String) {
    // The date is not text: it would not be taken for one with its dashes escaped.
    let title = "\(Self.argument(name.uppercased())) \(section) \(date)"
    text = ".TH \(title) \(Self.argument(source)) \(Self.argument("User Commands"))\n"
  }

  /// A section.
  mutating func section(_ title: String) { heading(".SH", title.uppercased()) }

  /// A part of a section.
  mutating func part(_ title: String) { heading(".SS", title) }

  /// What the page is about: the line by which `apropos` finds it.
  mutating func title(_ name: String, _ summary: String) {
    append("\(Self.escaped(name)) \\- \(Self.escaped(summary))\n")
  }

  /// Ways to call it, one a line.
  mutating func synopsis(_ lines: [String]) {
    append(lines.map(Self.lines).joined(separator: ".br\n"))
  }

  /// Paragraphs, one a line; successive lines that begin with blanks stay as they are.
  mutating func paragraphs(_ words: String) {
    let lines = words.split(separator: "\n").map(String.init)
    for (index, line) in lines.enumerated() {
      guard line.hasPrefix(" ") else {
        paragraph(line)
        continue
      }
      guard index == 0 || !lines[index - 1].hasPrefix(" ") else { continue }
      verbatim(lines[index...].prefix { $0.hasPrefix(" ") }.map { String($0.drop { $0 == " " }) })
    }
  }

  /// A paragraph.
  mutating func paragraph(_ words: String) { append((isBelowHeading ? "" : ".PP\n") + Self.lines(words)) }

  /// An entry of a list: its head, of which `literal` is to be typed as it stands, and below it what it means.
  mutating func entry(_ literal: String, variable: String = "", note: String = "", _ words: String) {
    var head = "\\fB\(Self.escaped(literal))\\fR"
    if !variable.isEmpty { head += " \\fI\(Self.escaped(variable))\\fR" }
    if !note.isEmpty { head += " \(Self.escaped(note))" }
    append(".TP\n\(head)\n\(Self.lines(words))")
  }

  /// Lines that stay as they are.
  mutating func verbatim(_ lines: [String]) {
    let text = lines.map { Self.guarded(Self.escaped($0)) + "\n" }.joined()
    append((isBelowHeading ? "" : ".PP\n") + ".RS 4\n.nf\n\(text).fi\n.RE\n")
  }

  private mutating func heading(_ macro: String, _ title: String) {
    append("\(macro) \(Self.argument(title))\n")
    isBelowHeading = true
  }

  private mutating func append(_ roff: String) {
    text += roff
    isBelowHeading = false
  }

  /// `text` so that roff shows its letters. Every dash is the keyboard's, so that what is copied from the page works.
  static func escaped(_ text: String) -> String {
    var isTyped = false
    return text.unicodeScalars.map { scalar in
      switch scalar {
      case "`":
        isTyped.toggle()
        return isTyped ? "\\fB" : "\\fR"
      case "\\": return "\\(rs"
      case "-": return "\\-"
      case "'": return "\\(aq"
      case "\"": return "\\(dq"
      case "^": return "\\(ha"
      case "~": return "\\(ti"
      case "\n": return " "
      case _ where scalar.isASCII: return String(scalar)
      default: return "\\[u\(hexadecimal(scalar.value))]"
      }
    }.joined()
  }

  /// Text in lines of at most 80 letters.
  private static func lines(_ text: String) -> String {
    var lines: [String] = []
    for word in escaped(text).split(separator: " ") {
      if let last = lines.last, last.count + word.count < 80 {
        lines[lines.count - 1] = "\(last) \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines.map { guarded($0) + "\n" }.joined()
  }

  /// A dot at the beginning of a line would make it a request.
  private static func guarded(_ line: String) -> String { line.hasPrefix(".") ? "\\&" + line : line }

  private static func argument(_ text: String) -> String { "\"\(escaped(text))\"" }

  /// At least four digits, as roff wants them.
  private static func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}
