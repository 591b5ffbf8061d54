import Dispatch
import Glibc
import Synchronization

/// Lines on their way to standard output, so that a reader that is slow or stands still holds up nobody but itself.
final class LineQueue: Sendable {
  private let console: Console
  private let limit: Int
  private let queue = DispatchQueue(label: "linkworker.lines")
  private let state = Mutex(State())
  private let onLoss: @Sendable () -> Void

  private struct State {
    var lines: [String] = []
    var isOpen = false
    var isDraining = false
    var dropped = 0
    var hasLost = false
  }

  /// A queue that holds back what it is given until `open`; at most `limit` lines wait, further ones are dropped and counted.
  /// `onLoss` is called once when standard output takes no more, of which a reader that has gone away is no case.
  init(_ console: Console, limit: Int = 100_000, onLoss: @escaping @Sendable () -> Void = {}) {
    self.onLoss = onLoss
    self.console = console
    self.limit = limit
  }

  /// Lets the lines out.
  func open() {
    state.withLock { $0.isOpen = true }
    drainLater()
  }

  /// Adds a line; never waits.
  func print(_ line: String) {
    state.withLock { state in
      if state.lines.count < limit { state.lines.append(line) } else { state.dropped += 1 }
    }
    drainLater()
  }

  /// Waits until all lines are out; returns how many were dropped.
  func finish() -> Int {
    queue.sync { drain() }
    return state.withLock { $0.dropped }
  }

  private func drainLater() {
    let mustDrain = state.withLock { state in
      guard state.isOpen, !state.isDraining, !state.lines.isEmpty else { return false }
      state.isDraining = true
      return true
    }
    if mustDrain { queue.async { self.drain() } }
  }

  private func drain() {
    while true {
      let lines = state.withLock { state in
        defer { state.lines = [] }
        if state.lines.isEmpty { state.isDraining = false }
        return state.lines
      }
      if lines.isEmpty { return }
      let code = console.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: console.output)
      guard code != 0, code != EPIPE else { continue }
      let isFirst = state.withLock { state in
        defer { state.hasLost = true }
        return !state.hasLost
      }
      if isFirst { onLoss() }
    }
  }
}
