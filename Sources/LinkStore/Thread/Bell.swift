import Glibc
import LinkCore

/// Wakes a thread that waits: a pipe to itself, so that no lock is held while it sleeps.
final class Bell: Sendable {
  private let ear: Int32
  private let clapper: Int32

  init() throws(StoreFailure) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else {
      throw StoreFailure(.io, operation: "make a pipe", subject: "process", reason: String(cString: strerror(errno)))
    }
    (ear, clapper) = (ends[0], ends[1])
    for end in ends {
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
    }
  }

  deinit {
    close(ear)
    close(clapper)
  }

  /// Wakes the waiting thread, or spares the next one its wait.
  func ring() {
    // A full pipe wakes as well.
    _ = write(clapper, [1], 1)
  }

  /// Waits for a ring, at most so many milliseconds. It may also return without one.
  func wait(atMost patience: Milliseconds?) {
    var request = pollfd(fd: ear, events: Int16(POLLIN), revents: 0)
    poll(&request, 1, patience.map { Int32(clamping: $0) } ?? -1)
    var rings = [UInt8](repeating: 0, count: 64)
    while read(ear, &rings, rings.count) == rings.count {}
  }
}
