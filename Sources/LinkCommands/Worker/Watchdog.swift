import Dispatch
import Glibc
import LinkCore
import LinkOps

/// Ends the process where a call into a library never returns: closing and destroying Kafka's clients may hang for ever.
enum Watchdog {
  /// Runs `body`, and ends the process with 75 unless it has returned after `limit`.
  static func guarding(_ operation: String, limit: Milliseconds, log: Log, _ body: () -> Void) {
    let bite = DispatchWorkItem {
      log.error(
        "watchdog",
        "The process is ended: it could not \(operation) within \(limit) ms. What was in flight is done again.")
      log.flush()
      _exit(ExitCode.tempFail.rawValue)
    }
    DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(Int(clamping: limit)), execute: bite)
    body()
    bite.cancel()
  }
}
