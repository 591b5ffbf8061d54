import Foundation
import LinkCore
import LinkOps
import Synchronization
import Testing

/// A log and the pipe at its other end.
final class LogReader {
  let log: Log
  private let pipe = Pipe()

  init(level: LogLevel = .debug, format: LogFormat = .json, bufferLimit: Int = 1 << 20) {
    log = Log(
      level: level, format: format, descriptor: pipe.fileHandleForWriting.fileDescriptor, bufferLimit: bufferLimit,
      clock: { Timestamp(milliseconds: 1_769_903_999_007) })
  }

  /// Reads until the log is flushed, `last` is done and flushed as well, and the log's end is closed; the lines.
  func lines(last: () -> Void = {}) throws -> [String] {
    let reading = pipe.fileHandleForReading
    let text = Mutex("")
    let group = DispatchGroup()
    DispatchQueue.global().async(group: group) {
      let data = reading.readDataToEndOfFile()
      text.withLock { $0 = String(decoding: data, as: UTF8.self) }
    }
    #expect(log.flush(within: 30_000))
    last()
    #expect(log.flush(within: 30_000))
    try pipe.fileHandleForWriting.close()
    group.wait()
    return text.withLock { $0.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init) }
  }

  /// What has come up to now; waits for something.
  func available() -> String { String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self) }
}
