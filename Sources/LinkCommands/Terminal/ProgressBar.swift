import Glibc
import LinkCore

/// One line at the bottom of the terminal that says how far things are; nothing at all where standard error is no terminal.
///
/// Erase it before anything else is written: the next `show` brings it back.
struct ProgressBar {
  private let console: Console
  private let isOn: Bool
  private var meter: ProgressMeter
  private var isShown = false
  private var shownAt: Milliseconds = .min

  /// Milliseconds between two drawings.
  private static let interval: Milliseconds = 100

  /// - Parameters:
  ///   - title: What is done, for instance `submit`.
  ///   - unit: What is counted, in the plural.
  init(_ console: Console, environment: [String: String], title: String, unit: String) {
    self.console = console
    isOn = isatty(console.errors) == 1 && environment["TERM"] != "dumb"
    meter = ProgressMeter(title: title, unit: unit, began: SystemClock.uptime())
  }

  /// Shows where things stand, ten times a second at most.
  ///
  /// - Parameter fraction: How much of the whole is done, 0 to 1; nil where nobody knows the whole.
  mutating func show(count: Int, fraction: Double?) {
    guard isOn else { return }
    let now = SystemClock.uptime()
    guard !isShown || now - shownAt >= Self.interval else { return }
    meter.take(count: count, fraction: fraction, at: now)
    // To the line's beginning, the text, and what an older, longer one left behind it.
    draw("\r\(meter.line(width: width - 1))\u{1B}[K")
    (isShown, shownAt) = (true, now)
  }

  /// Takes it away.
  mutating func erase() {
    guard isShown else { return }
    draw("\r\u{1B}[K")
    isShown = false
  }

  private func draw(_ text: String) { console.write(Array(text.utf8), to: console.errors) }

  private var width: Int {
    var size = winsize()
    guard ioctl(console.errors, UInt(TIOCGWINSZ), &size) == 0, size.ws_col >= 20 else { return 80 }
    return Int(size.ws_col)
  }
}
