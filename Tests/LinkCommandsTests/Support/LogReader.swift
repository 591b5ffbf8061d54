import Foundation
import LinkCore
import LinkOps

/// A log and the pipe at its other end.
final class LogReader {
  let log: Log
  private let pipe = Pipe()

  init(level: LogLevel = .debug, format: LogFormat = .json, bufferLimit: Int = 1 << 20) {
    log = Log(
      level: level, format: format, descriptor: pipe.fileHandleForWriting.fileDescriptor, bufferLimit: bufferLimit,
      clock: { Timestamp(milliseconds: 1_769_903_999_007) })
  }

  /// Flushes the log, ends it and returns its lines.
  func lines() throws -> [String] {
    log.flush(within: 10_000)
    try pipe.fileHandleForWriting.close()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
  }

  /// What has come up to now; waits for something.
  func available() -> String { String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self) }
}
