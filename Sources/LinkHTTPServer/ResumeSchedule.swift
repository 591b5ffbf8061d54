import CMicroHTTPD
import Glibc
import LinkCore

/// The connections that are held, by the time at which each goes on, so that a late answer costs no thread. Confined to the server's thread.
final class ResumeSchedule {
  /// A binary heap, the earliest first.
  private var held: [(due: UInt64, connection: OpaquePointer)] = []
  /// Whether connections are no longer held: the server ends.
  private(set) var isFinished = false

  /// Suspends a connection; its handler, or its reply's reader, is called again after `delay`.
  func hold(_ connection: OpaquePointer, for delay: Milliseconds) {
    MHD_suspend_connection(connection)
    push(monotonicNanoseconds() + UInt64(max(0, delay)) * 1_000_000, connection)
  }

  /// Resumes what is due; returns how many milliseconds the loop may then wait, or nil where none is held: none at all after a resume,
  /// which the library takes note of in its next run and tells nobody.
  func resumeDue() -> Int32? {
    // What is due within this grain goes along: one turn of the loop for many connections.
    let now = monotonicNanoseconds() + 200_000
    var hasResumed = false
    while let first = held.first, first.due <= now {
      popFirst()
      MHD_resume_connection(first.connection)
      hasResumed = true
    }
    if hasResumed { return 0 }
    return held.first.map { Int32(min(($0.due - now) / 1_000_000 + 1, 60_000)) }
  }

  /// Resumes everything, and holds nothing more.
  func finish() {
    isFinished = true
    for entry in held { MHD_resume_connection(entry.connection) }
    held = []
  }

  private func push(_ due: UInt64, _ connection: OpaquePointer) {
    held.append((due, connection))
    var child = held.count - 1
    while child > 0, held[child].due < held[(child - 1) / 2].due {
      held.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  private func popFirst() {
    held.swapAt(0, held.count - 1)
    held.removeLast()
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < held.count && held[child].due < held[least].due {
        least = child
      }
      guard least != parent else { return }
      held.swapAt(parent, least)
      parent = least
    }
  }
}

/// Nanoseconds of a clock that never jumps.
func monotonicNanoseconds() -> UInt64 {
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
}
