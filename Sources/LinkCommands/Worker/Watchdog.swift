import Dispatch
import Glibc
import LinkCore
import LinkOps
import Synchronization

/// Ends the process where a call into a library never returns: closing and destroying Kafka's clients may hang for ever.
enum Watchdog {
  /// How long one client may take to be closed or destroyed, in milliseconds.
  static let clientLimit: Milliseconds = 10_000

  /// How often its time is looked at, in parts of it.
  private static let slices = 10

  /// Runs `body`, and ends the process with 75 unless it has returned after `limit`. The log is told; without one, a person is, on standard error.
  ///
  /// The limit counts time in which this process ran: one that was stopped meanwhile (SIGSTOP, a machine that sleeps) is not to die of it on waking up.
  static func guarding(_ operation: String, limit: Milliseconds, log: Log?, _ body: () -> Void) {
    let passed = Mutex(0)
    let timer = DispatchSource.makeTimerSource(queue: .global())
    let slice = DispatchTimeInterval.milliseconds(Int(clamping: max(limit / Milliseconds(slices), 1)))
    // However many of its times went by while the process stood still, the timer comes once for them all.
    timer.schedule(deadline: .now() + slice, repeating: slice)
    timer.setEventHandler {
      let count = passed.withLock {
        $0 += 1
        return $0
      }
      if count >= slices { bite(operation, limit, log) }
    }
    timer.resume()
    body()
    timer.cancel()
  }

  private static func bite(_ operation: String, _ limit: Milliseconds, _ log: Log?) -> Never {
    let fault = "could not \(operation) within \(limit) ms"
    if let log {
      log.error("watchdog", "The process is ended: it \(fault). What was in flight is done again.")
      log.flush()
    } else {
      Console().report(
        CommandFailure(
          .tempFail,
          .init(
            "end", "a client of Kafka", fault, hint: "see whether the brokers answer; what was said before stands")))
    }
    _exit(ExitCode.tempFail.rawValue)
  }
}
