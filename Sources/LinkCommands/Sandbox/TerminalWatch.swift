import Dispatch
import Glibc

/// Calls for frames while it lives: at intervals, when the terminal's size changes, and when the process comes back
/// from the background.
final class TerminalWatch {
  private let timer: any DispatchSourceTimer
  private let signals: [any DispatchSourceSignal]

  /// Milliseconds between two frames at least: what the eye takes for at once.
  private static let interval = 60

  /// Calls on `queue`; `onChange` is told whether others may have written on the terminal.
  init(
    _ queue: DispatchQueue, onTick: @escaping @Sendable () -> Void,
    onChange: @escaping @Sendable (_ isForeign: Bool) -> Void
  ) {
    timer = DispatchSource.makeTimerSource(queue: queue)
    timer.schedule(deadline: .now(), repeating: .milliseconds(Self.interval))
    timer.setEventHandler(handler: onTick)
    timer.resume()
    // Neither does anything by itself that would have to be kept from happening.
    signals = [SIGWINCH, SIGCONT].map { number in
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler { onChange(number == SIGCONT) }
      source.resume()
      return source
    }
  }

  deinit {
    timer.cancel()
    for source in signals { source.cancel() }
  }
}
