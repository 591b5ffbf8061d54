import Glibc

/// A terminal on which the last lines are drawn again and again, below lines that stay.
///
/// The cursor is hidden only while a frame is written and rests below it: however the process ends, nothing has to be
/// put right. What is typed is not shown while the frames stand, for it would scatter them; a shell puts that right
/// even after SIGKILL.
struct Terminal {
  private let console: Console
  private let isColoured: Bool
  private let isUnicode: Bool
  /// The columns of each line of the last frame.
  private var widths: [Int] = []
  private var kept: termios?

  /// The terminal behind a console.
  init(_ console: Console, environment: [String: String], isColoured: Bool) {
    self.console = console
    self.isColoured = isColoured
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
    isUnicode = locale.uppercased().replacing("-", with: "").contains("UTF8")
  }

  /// Columns and lines as they are now; 80 and 24 where the terminal does not say.
  var size: (width: Int, height: Int) {
    var size = winsize()
    guard ioctl(console.output, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  /// Keeps what is typed from being shown, unless somebody else has the terminal.
  mutating func takeOver() {
    var state = termios()
    guard tcgetpgrp(console.output) == getpgrp(), tcgetattr(console.output, &state) == 0 else { return }
    kept = kept ?? state
    state.c_lflag &= ~tcflag_t(ECHO)
    tcsetattr(console.output, TCSANOW, &state)
  }

  /// Shows again what is typed.
  mutating func giveBack() {
    guard var state = kept, tcgetpgrp(console.output) == getpgrp() else { return }
    tcsetattr(console.output, TCSANOW, &state)
    kept = nil
  }

  /// Writes lines that stay, and the frame anew below them.
  mutating func draw(above: [StyledLine], frame: [StyledLine]) {
    var text = "\u{1B}[?25l" + backToTop()
    for line in above + frame { text += rendered(line) + "\n" }
    widths = frame.map(\.width)
    console.write(text + "\u{1B}[?25h")
  }

  /// Leaves the frame where it is: what comes next is drawn below.
  mutating func forget() { widths = [] }

  /// To the frame's first line, with all below cleared. A terminal that became narrower has folded the lines.
  private func backToTop() -> String {
    let (width, height) = size
    let lines = widths.reduce(0) { $0 + max(1, ($1 + width - 1) / width) }
    let up = min(lines, height - 1)
    return "\r" + (up > 0 ? "\u{1B}[\(up)A" : "") + "\u{1B}[J"
  }

  private func rendered(_ line: StyledLine) -> String {
    let text = line.rendered(isColoured: isColoured)
    guard !isUnicode else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.map { Self.plain[$0] ?? $0 }))
  }

  /// For a locale without Unicode.
  private static let plain: [Unicode.Scalar: Unicode.Scalar] = [
    "→": ">", "…": "~", "×": "x", "✓": "+", "✗": "x", "▶": ">", "▷": ">", "·": ".",
  ]
}
