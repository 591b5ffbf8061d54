import Dispatch
import Glibc
import Synchronization

/// SIGINT and SIGTERM as events: the way in which a command that runs long is asked to end.
///
/// While an instance lives (hold it to the end of what is to be ended in good order), neither signal ends the process by itself. A third
/// one does at once: somebody insists.
final class StopSignals {
  private let sources: [any DispatchSourceSignal]
  private let first = DispatchSemaphore(value: 0)

  /// From now until an instance is there, either signal ends the process at once with 0: for a command of which a stop cuts nothing off before it has
  /// begun.
  static func endAtOnce() {
    for number in [SIGINT, SIGTERM] { signal(number) { _ in _exit(ExitCode.ok.rawValue) } }
  }

  /// Calls `onStop` on another thread for each signal, with how many came up to now.
  init(onStop: @escaping @Sendable (_ signal: Int32, _ count: Int) -> Void = { _, _ in }) {
    let counter = StopCounter()
    let queue = DispatchQueue(label: "linkworker.signals")
    let first = first
    // Dispatch begins to listen on a thread of its own, somewhat later: a signal that came before was lost where it was ignored meanwhile.
    // So it ends the process until then, and from the end of this function on none is missed.
    let registrations = DispatchGroup()
    sources = [SIGINT, SIGTERM].map { number in
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler {
        let count = counter.next()
        if count >= 3 { _exit(128 + number) }
        onStop(number, count)
        first.signal()
      }
      registrations.enter()
      source.setRegistrationHandler { registrations.leave() }
      source.resume()
      return source
    }
    registrations.wait()
  }

  /// Ends the waiting as a signal does, from any thread.
  var ending: @Sendable () -> Void { { [first] in first.signal() } }

  /// Returns when the first signal has come, or `ending` was called.
  func wait() {
    first.wait()
    first.signal()
  }

  deinit {
    for source in sources { source.cancel() }
    for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
  }
}

/// Counts signals.
private final class StopCounter: Sendable {
  private let count = Mutex(0)

  func next() -> Int {
    count.withLock {
      $0 += 1
      return $0
    }
  }
}
