import Dispatch
import Glibc
import LinkCore

/// Takes a log's lines that would otherwise be written across a view that is being drawn.
final class LogPipe: Sendable {
  /// Where the log is to write.
  let descriptor: Int32
  private let source: Int32
  private let reading = DispatchGroup()

  /// Hands over each line from another thread; nil where no pipe can be had.
  init?(onLine: @escaping @Sendable (String) -> Void) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    (source, descriptor) = (ends[0], ends[1])
    DispatchQueue(label: "linkworker.sandbox.log").async(group: reading) { [source] in
      Self.read(source, onLine)
      Glibc.close(source)
    }
  }

  /// Returns when all that was written is handed over; what the log writes from now on goes to standard error.
  func finish() {
    dup2(STDERR_FILENO, descriptor)
    reading.wait()
  }

  deinit { close(descriptor) }

  private static func read(_ source: Int32, _ onLine: (String) -> Void) {
    var line: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = Glibc.read(source, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      for byte in chunk[..<count] {
        guard byte == UInt8(ascii: "\n") else {
          if line.count < 65_536 { line.append(byte) }
          continue
        }
        onLine(String(decoding: line, as: UTF8.self))
        line.removeAll(keepingCapacity: true)
      }
    }
    if !line.isEmpty { onLine(String(decoding: line, as: UTF8.self)) }
  }
}
