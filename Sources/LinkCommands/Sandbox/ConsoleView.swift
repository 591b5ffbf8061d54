import Glibc
import LinkCore

/// How the sandbox speaks: plain lines where they are piped, colours on a terminal.
struct ConsoleView: Sendable {
  private let console: Console
  private let isColoured: Bool
  private let began = SystemClock.uptime()

  /// A view on a console; `NO_COLOR` (no-color.org) and a dumb terminal are respected.
  init(_ console: Console, environment: [String: String]) {
    self.console = console
    let noColour = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
    isColoured = !noColour && environment["TERM"] != "dumb" && isatty(console.output) == 1
  }

  /// Lines as they are.
  func say(_ text: String) { console.print(text) }

  /// What one sample asks.
  func say(_ sample: Sample) { console.print("  " + padded(sample.name, 12) + sample.about) }

  /// What came just now.
  func say(_ sighting: Sighting) {
    let name = sighting.sample ?? "your \(Self.plain(sighting.request, limit: 40))"
    var line = "  " + paint(time, .dim) + "  " + padded(name, 12)
    let colour: Colour =
      switch sighting.sight {
      case .tokenReady(.some, _): .green
      case .moved: .dim
      case .failed, .refused, .deadLetter: .yellow
      case .tokenReady(nil, _), .untoldCalls, .unreadable: .red
      }
    line += paint(Self.sentence(sighting), colour)
    if let detail = Self.detail(of: sighting) {
      // A long one has lines of its own.
      let lines = Self.folded(detail, width: 80)
      let isShort = lines.count == 1 && detail.count <= 40
      let separator = "\n" + String(repeating: " ", count: 23)
      line += isShort ? ": " + paint(detail, .dim) : lines.map { separator + paint($0, .dim) }.joined()
    }
    console.print(line)
  }

  /// The table of what was expected and what came.
  func say(_ rows: [Scoreboard.Row]) {
    var table = [["sample", "expected", "came", "as expected?"]]
    for row in rows {
      let expected = Self.lines(row.sample.expected, otherwise: Self.silence)
      let came = Self.lines(row.came, otherwise: row.isAsExpected ? Self.silence : "nothing")
      for index in 0..<max(expected.count, came.count) {
        table.append([
          index == 0 ? row.sample.name : "", index < expected.count ? expected[index] : "",
          index < came.count ? came[index] : "", index > 0 ? "" : row.isAsExpected ? "yes" : "NO",
        ])
      }
    }
    let widths = table[0].indices.map { column in table.map { $0[column].count }.max() ?? 0 }
    for (index, cells) in table.enumerated() {
      let verdict = cells.last ?? ""
      var text = zip(cells.dropLast(), widths).map { padded($0, $1 + 2) }.joined()
      if verdict.isEmpty { text.removeLast(text.reversed().prefix { $0 == " " }.count) }
      let painted = index == 0 ? verdict : paint(verdict, verdict == "yes" ? .green : .red)
      console.print("  " + (index == 0 ? paint(text + verdict, .bold) : text + painted))
    }
  }

  // MARK: - Helpers

  private enum Colour: String {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
  }

  private static func sentence(_ sighting: Sighting) -> String {
    guard case .tokenReady(let grant, let attempts) = sighting.sight else { return sighting.sight.description }
    let token = "token \(plain(sighting.tokenBeginning ?? "", limit: 6))…"
    let verdict = grant.map { "verified: \($0)" } ?? "NOT VERIFIED: it grants something else than its event says"
    return "\(token) (\(verdict)) after \(Sight.calls(attempts))"
  }

  /// A refused request that is malformed has a dead letter, which says the same.
  private static func detail(of sighting: Sighting) -> String? {
    sighting.sight == .refused(RefusalCode.invalidRequest.rawValue)
      ? nil : sighting.detail.map { plain($0, limit: 300) }
  }

  private static func folded(_ text: String, width: Int) -> [String] {
    var lines: [String] = [""]
    for word in text.split(separator: " ") {
      let line = lines[lines.count - 1]
      if !line.isEmpty, line.count + word.count >= width {
        lines.append(String(word))
      } else {
        lines[lines.count - 1] = line + (line.isEmpty ? "" : " ") + word
      }
    }
    return lines
  }

  /// What a request that is known already ends in.
  private static let silence = "no event, no further call"

  private static func lines(_ sights: some Collection<Sight>, otherwise: String) -> [String] {
    sights.isEmpty ? [otherwise] : sights.map(\.description).sorted()
  }

  private var time: String {
    let tenths = (SystemClock.uptime() - began) / 100
    let text = "\(tenths / 10).\(tenths % 10) s"
    return String(repeating: " ", count: max(0, 7 - text.count)) + text
  }

  private func paint(_ text: String, _ colour: Colour) -> String {
    isColoured && !text.isEmpty ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
  }

  private func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }

  /// Foreign text without what would steer the terminal.
  private static func plain(_ text: String, limit: Int) -> String {
    let plain = text.unicodeScalars.prefix(limit).map { scalar in
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator, .format: "?"
      default: String(scalar)
      }
    }
    return plain.joined() + (text.unicodeScalars.count > limit ? "…" : "")
  }
}
