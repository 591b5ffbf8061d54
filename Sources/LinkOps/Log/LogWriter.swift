import Dispatch
import Glibc
import LinkCore
import Synchronization

/// Keeps lines until a queue of its own has written them, so that no caller waits for the reader of the log.
final class LogWriter: Sendable {
  private let format: LogFormat
  private let descriptor: Int32
  private let bufferLimit: Int
  private let clock: @Sendable () -> Timestamp
  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "linkworker.log", qos: .utility)

  /// A waiting line is written after this time at the latest, if the reader keeps up.
  private static let delay = DispatchTimeInterval.milliseconds(100)
  /// So many waiting bytes are written at once.
  private static let batchSize = 32 << 10

  private struct State {
    var pending: [UInt8] = []
    /// Lines that found no place, or that the descriptor refused, since the last count was written.
    var dropped: Int64 = 0
    var schedule = Schedule.none
    var clock = LogClock()
  }

  private enum Schedule { case none, delayed, immediate }

  init(format: LogFormat, descriptor: Int32, bufferLimit: Int, clock: @escaping @Sendable () -> Timestamp) {
    self.format = format
    self.descriptor = descriptor
    self.bufferLimit = bufferLimit
    self.clock = clock
  }

  func append(_ line: LogLine) {
    let moment = clock()
    let urgent = line.level <= .warning
    let schedule = state.withLock { state -> Schedule in
      guard state.pending.count < bufferLimit else {
        state.dropped += 1
        return .none
      }
      line.encode(as: format, time: state.clock.format(moment), into: &state.pending)
      let wanted: Schedule = urgent || state.pending.count >= Self.batchSize ? .immediate : .delayed
      switch (state.schedule, wanted) {
      case (.none, _), (.delayed, .immediate): state.schedule = wanted
      default: return .none
      }
      return wanted
    }
    switch schedule {
    case .none: break
    case .delayed: queue.asyncAfter(deadline: .now() + Self.delay) { self.drain() }
    case .immediate: queue.async { self.drain() }
    }
  }

  func flush(within limit: Milliseconds) -> Bool {
    let done = DispatchSemaphore(value: 0)
    queue.async {
      self.drain()
      done.signal()
    }
    return done.wait(timeout: .now() + .milliseconds(Int(clamping: limit))) == .success
  }

  /// Writes what waits; runs on the queue, so that one chunk is under way at a time.
  private func drain() {
    while let (chunk, dropped) = take() {
      let written = write(chunk)
      guard written < chunk.count else { continue }
      let lost = chunk[written...].reduce(into: Int64(0)) { if $1 == UInt8(ascii: "\n") { $0 += 1 } }
      state.withLock { state in
        // The line that told of the dropped ones is lost with the end of the chunk: they are told of again
        state.dropped += dropped > 0 ? lost - 1 + dropped : lost
        // A torn line ends here, so that the next one stands alone
        if written > 0, chunk[written - 1] != UInt8(ascii: "\n") { state.pending.insert(UInt8(ascii: "\n"), at: 0) }
        state.schedule = .none
      }
      return
    }
  }

  /// The lines that wait, and how many dropped ones the last of them tells of.
  private func take() -> (chunk: [UInt8], dropped: Int64)? {
    state.withLock { state in
      guard !state.pending.isEmpty else {
        state.schedule = .none
        return nil
      }
      var chunk: [UInt8] = []
      swap(&chunk, &state.pending)
      state.pending.reserveCapacity(min(chunk.count, bufferLimit))
      let dropped = state.dropped
      if dropped > 0 {
        let line = LogLine(
          level: .warning, event: "log.dropped", message: "Lines of the log found no place and are lost",
          fields: ["count": .integer(dropped)])
        line.encode(as: format, time: state.clock.format(clock()), into: &chunk)
        state.dropped = 0
      }
      return (chunk, dropped)
    }
  }

  /// How many bytes the descriptor took: all, unless it fails.
  private func write(_ chunk: [UInt8]) -> Int {
    chunk.withUnsafeBytes { bytes in
      var written = 0
      while written < bytes.count {
        let count = Glibc.write(descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written)
        if count > 0 {
          written += count
        } else if errno == EAGAIN {
          var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          _ = poll(&poller, 1, 1000)
        } else if errno != EINTR {
          break
        }
      }
      return written
    }
  }
}
