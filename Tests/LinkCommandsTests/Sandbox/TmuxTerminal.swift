import LinkTestSupport

/// A real terminal of a test's own: a tmux server with one window. It ends with this, and with the test process.
final class TmuxTerminal {
  private let scratch: Scratch
  private let server: RunningProgram

  /// Starts `command` in a POSIX shell, on a terminal of so many columns and lines.
  init(_ command: String, width: Int, height: Int) throws {
    scratch = try Scratch()
    // In the foreground, so that it has no life of its own; without a configuration of anybody's.
    server = try RunningProgram(["tmux", "-S", scratch["socket"], "-f", "/dev/null", "-D"])
    let scratch = scratch
    let server = server
    try awaiting("tmux's server", state: { server.tail }) {
      try RunningProgram.run(["tmux", "-N", "-S", scratch["socket"], "list-sessions"]).code == 0
    }
    try tmux("set-option", "-g", "default-terminal", "tmux-256color")
    try tmux("new-session", "-d", "-x", String(width), "-y", String(height), command)
  }

  /// The lines that are shown, without blanks at their ends; with `history`, also what has scrolled off.
  func lines(history: Bool = false) throws -> [String] {
    let text = try tmux(["capture-pane", "-p"] + (history ? ["-S", "-"] : []))
    return text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// What tmux calls a thing, as in `cursor_flag`.
  func value(_ name: String) throws -> String { try tmux("display-message", "-p", "#{\(name)}").filter { $0 != "\n" } }

  /// Presses keys, by tmux's names.
  func press(_ keys: String...) throws { try tmux(["send-keys"] + keys) }

  /// Changes its size.
  func resize(width: Int, height: Int) throws {
    try tmux("resize-window", "-x", String(width), "-y", String(height))
  }

  /// Waits until what is shown, or has scrolled off, holds a text.
  func await(_ text: String, history: Bool = false) throws {
    try awaiting(
      "\"\(text)\" on the terminal", state: { (try? self.lines(history: true).joined(separator: "\n")) ?? "" }
    ) {
      try lines(history: history).contains { $0.contains(text) }
    }
  }

  @discardableResult
  private func tmux(_ arguments: String...) throws -> String { try tmux(arguments) }

  @discardableResult
  private func tmux(_ arguments: [String]) throws -> String {
    let outcome = try RunningProgram.run(["tmux", "-N", "-u", "-S", scratch["socket"]] + arguments)
    guard outcome.code == 0 else { throw Missing("tmux \(arguments.joined(separator: " ")): \(outcome.errorText)") }
    return outcome.outputText
  }
}
