import Glibc

/// Standard output and standard error, written at once: nothing is left in a buffer when the process ends.
struct Console: Sendable {
  /// Where results go.
  var output: Int32 = STDOUT_FILENO
  /// Where failures go.
  var errors: Int32 = STDERR_FILENO
  /// What results were lost; all copies share it.
  let loss = OutputLoss()

  /// A line of results.
  func print(_ line: String) { write(line + "\n", to: output) }

  /// Text that ends its lines itself.
  func write(_ text: String) { write(text, to: output) }

  /// The lines of a failure.
  func report(_ failure: CommandFailure) {
    write(failure.lines.map { $0.description + "\n" }.joined(), to: errors)
  }

  private func write(_ text: String, to descriptor: Int32) { write(Array(text.utf8), to: descriptor) }

  /// Bytes as they are. Returns 0, or why (`errno`) not all of them were written; of results `loss` knows it as well.
  @discardableResult
  func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
    let code = Self.send(bytes, to: descriptor)
    if descriptor == output { loss.note(code) }
    return code
  }

  private static func send(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno == EAGAIN {
        var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&poller, 1, 1000)
      } else if errno != EINTR {
        return errno
      }
    }
    return 0
  }
}
