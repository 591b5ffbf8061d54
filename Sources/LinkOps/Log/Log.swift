import Glibc
public import LinkCore

/// The worker's log: one line an event, as JSON or as text, to a file descriptor.
///
/// A call costs about a microsecond and never waits for the reader of the log: lines go to a bounded buffer, which another thread
/// writes at most 100 ms later, at once from `warning` up. What does not fit, because nobody reads, is dropped and counted, and the
/// count is the next line that gets through.
public final class Log: Sendable {
  /// The least weighty level that is written.
  public let level: LogLevel
  /// How lines are written.
  public let format: LogFormat
  private let writer: LogWriter

  /// A log to `descriptor` (standard error unless given), which stays the caller's to close.
  ///
  /// `bufferLimit` is in bytes: that much may wait to be written, and as much again be under way. `clock` tells the time of a line.
  public init(
    level: LogLevel = .info, format: LogFormat = .json, descriptor: Int32 = 2, bufferLimit: Int = 1 << 20,
    clock: @escaping @Sendable () -> Timestamp = Log.wallClock
  ) {
    self.level = level
    self.format = format
    writer = LogWriter(format: format, descriptor: descriptor, bufferLimit: bufferLimit, clock: clock)
  }

  /// Whether a line of `level` would be written.
  public func writes(_ level: LogLevel) -> Bool { level <= self.level }

  /// A line that says a person has to act. `event` is a dotted name that programs look for, `message` a sentence for people.
  public func error(
    _ event: String, _ message: @autoclosure () -> String, _ fields: @autoclosure () -> LogFields = [:]
  ) {
    write(.error, event, message(), fields())
  }

  /// A line that says something is wrong with which the worker copes.
  public func warning(
    _ event: String, _ message: @autoclosure () -> String, _ fields: @autoclosure () -> LogFields = [:]
  ) {
    write(.warning, event, message(), fields())
  }

  /// A line that an operator wants to have read afterwards.
  public func info(
    _ event: String, _ message: @autoclosure () -> String, _ fields: @autoclosure () -> LogFields = [:]
  ) {
    write(.info, event, message(), fields())
  }

  /// A line for one who looks for a fault. Where the level is off, neither message nor fields are computed.
  public func debug(
    _ event: String, _ message: @autoclosure () -> String, _ fields: @autoclosure () -> LogFields = [:]
  ) {
    write(.debug, event, message(), fields())
  }

  /// A line of a level that is only known when it is written.
  public func write(
    _ level: LogLevel, _ event: String, _ message: @autoclosure () -> String,
    _ fields: @autoclosure () -> LogFields = [:]
  ) {
    guard writes(level) else { return }
    writer.append(LogLine(level: level, event: event, message: message(), fields: fields()))
  }

  /// Waits until every line up to now is written, at most `limit`: at the end of the process. False when it did not get there.
  @discardableResult
  public func flush(within limit: Milliseconds = 1000) -> Bool { writer.flush(within: limit) }

  /// The time of the machine's calendar.
  public static let wallClock: @Sendable () -> Timestamp = {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }
}
