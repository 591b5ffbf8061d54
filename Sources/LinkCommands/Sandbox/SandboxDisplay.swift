import Dispatch
import Glibc
import LinkCore
import Synchronization

/// How the sandbox speaks: on a terminal a view that is drawn anew as things happen, with lines that stay above it;
/// elsewhere lines, one for each step, written at once.
final class SandboxDisplay: Sendable {
  private struct State: Sendable {
    var board = LinkBoard()
    var terminal: Terminal
    /// nil: lines.
    var screen: SandboxScreen?
    /// Lines that stay and are not drawn yet.
    var above: [StyledLine] = []
    var isDirty = true
  }

  private let console: Console
  private let isColoured: Bool
  /// Whether a view is drawn once it has begun.
  let isTerminal: Bool
  private let began = SystemClock.uptime()
  private let state: Mutex<State>
  /// What is seen comes in order, and nobody who saw it waits for the terminal.
  private let queue = DispatchQueue(label: "linkworker.sandbox.display")
  /// Until too much of it waits: then they do.
  private let room = DispatchSemaphore(value: 10_000)

  /// A display on a console; `NO_COLOR` (no-color.org) and a dumb terminal are respected.
  init(_ console: Console, environment: [String: String]) {
    self.console = console
    isTerminal = isatty(console.output) == 1 && environment["TERM"].map { $0 != "dumb" && !$0.isEmpty } ?? false
    isColoured = isTerminal && environment["NO_COLOR"].map { $0.isEmpty } ?? true
    state = Mutex(State(terminal: Terminal(console, environment: environment, isColoured: isColoured)))
  }

  /// Says lines that stay.
  func say(_ lines: [StyledLine]) { queue.sync { keep(lines) } }

  /// Says a text that stays.
  func say(_ text: String) {
    say(text.split(separator: "\n", omittingEmptySubsequences: false).map { StyledLine(String($0)) })
  }

  /// Begins the view, where there is a terminal; it is kept up to date while what is returned lives.
  func begin(_ title: StyledLine, eventMaxBytes: Int) -> TerminalWatch? {
    queue.sync { state.withLock { $0.board = LinkBoard(eventMaxBytes: eventMaxBytes) } }
    guard isTerminal else { return nil }
    queue.sync {
      state.withLock { state in
        let (width, height) = state.terminal.size
        state.screen = SandboxScreen(title: title, width: width, height: height)
        state.terminal.takeOver()
      }
    }
    return TerminalWatch(queue, onTick: { [weak self] in self?.draw() }) { [weak self] isForeign in
      self?.terminalChanged(isForeign: isForeign)
    }
  }

  /// Whether the view is drawn, so that nobody else may write on the terminal.
  var isDrawn: Bool { state.withLock { $0.screen != nil } }

  /// Takes what was seen, from any thread.
  func take(_ event: LinkBoard.Event) {
    room.wait()
    queue.async { [self] in
      defer { room.signal() }
      let steps = state.withLock { state in
        state.isDirty = true
        let steps = state.board.take(event, now: SystemClock.wall())
        return state.screen == nil ? steps : []
      }
      for step in steps { say(step) }
    }
  }

  /// Rows that have ended become lines that stay.
  func settle() {
    queue.sync {
      state.withLock { state in
        guard state.screen != nil else { return }
        state.above += state.screen?.scroll(&state.board, to: 0, now: SystemClock.wall()) ?? []
        state.isDirty = true
      }
      draw()
    }
  }

  /// Shows again what is typed: the process may be ended hard from now on.
  func release() { queue.sync { state.withLock { $0.terminal.giveBack() } } }

  /// Ends the view: what it showed of requests stays, and the cursor is below it. Returns what happened, in numbers.
  @discardableResult
  func end() -> LinkBoard {
    queue.sync {
      state.withLock { state in
        if var screen = state.screen {
          let now = SystemClock.wall()
          var lines = state.above + screen.scroll(&state.board, to: 0, now: now)
          lines += state.board.order.compactMap { state.board.rows[$0] }.map { screen.line($0, now: now) }
          state.terminal.draw(above: lines, frame: [])
          state.terminal.giveBack()
          state.above = []
          state.screen = nil
        }
        return state.board
      }
    }
  }

  // MARK: - Drawing

  private func terminalChanged(isForeign: Bool) {
    state.withLock { state in
      let (width, height) = state.terminal.size
      state.screen?.width = width
      state.screen?.height = height
      // Back from the background: a shell has written meanwhile.
      if isForeign, state.screen != nil {
        state.terminal.forget()
        state.terminal.takeOver()
      }
      state.isDirty = true
    }
    draw()
  }

  private func draw() {
    state.withLock { state in
      guard var screen = state.screen, state.isDirty || state.board.isMoving else { return }
      let now = SystemClock.wall()
      let scrolled = screen.scroll(&state.board, now: now)
      state.terminal.draw(above: state.above + scrolled, frame: screen.lines(state.board, now: now))
      state.above = []
      state.isDirty = false
      state.screen = screen
    }
  }

  // MARK: - Lines

  private func keep(_ lines: [StyledLine]) {
    let isDrawn = state.withLock { state in
      guard state.screen != nil else { return false }
      state.above += lines
      state.isDirty = true
      return true
    }
    if isDrawn { return draw() }
    for line in lines { console.print(line.rendered(isColoured: isColoured)) }
  }

  private func say(_ step: LinkBoard.Step) {
    let time = (SystemClock.uptime() - began).seconds
    var line = StyledLine("  " + String(repeating: " ", count: max(0, 7 - time.count)) + time + "  ", .dim)
    line.append(step.name)
    line.append(String(repeating: " ", count: max(1, 12 - step.name.columnCount)))
    line.append(step.text)
    if let detail = step.detail { line.append(": \(detail.plain(limit: 300))", .dim) }
    keep([line])
  }
}
