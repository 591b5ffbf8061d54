import Dispatch
import Glibc
import LinkCore
import LinkOps

/// Ends the process where a call into a library never returns: closing and destroying Kafka's clients may hang for ever.
enum Watchdog {
  /// How long one client may take to be closed or destroyed, in milliseconds.
  static let clientLimit: Milliseconds = 10_000

  /// Runs `body`, and ends the process with 75 unless it has returned after `limit`. The log is told; without one, a person is, on standard error.
  static func guarding(_ operation: String, limit: Milliseconds, log: Log?, _ body: () -> Void) {
    let bite = DispatchWorkItem {
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
    DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(Int(clamping: limit)), execute: bite)
    body()
    bite.cancel()
  }
}
