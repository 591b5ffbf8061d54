import Glibc
import Synchronization

/// Why standard output did not take all that was written to it. A command whose results nobody has must not end as if all were well.
final class OutputLoss: Sendable {
  private let code = Mutex<Int32?>(nil)

  /// Takes why a write ended before its end (`errno`; 0: it did not). The first reason counts. A reader that has gone away, as `head` does, wants nothing
  /// more: that is no loss.
  func note(_ reason: Int32) {
    guard reason != 0, reason != EPIPE else { return }
    code.withLock { $0 = $0 ?? reason }
  }

  /// What to say of it, and how the process ends where it would have ended with 0; nil where all was written.
  var failure: CommandFailure? {
    code.withLock { $0 }.map { code in
      CommandFailure(
        .cantCreate,
        .init("standard output", "", String(cString: strerror(code)), hint: "make room, or write to another place"))
    }
  }
}
