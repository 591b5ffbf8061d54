import Glibc
public import LinkCore

/// A `linkworker run` of its own process, whose log is read as JSON.
public final class WorkerProcess: Sendable {
  /// The process.
  public let program: RunningProgram

  init(_ program: RunningProgram) { self.program = program }

  /// The lines of its log so far.
  public var log: [LogEntry] { LogEntry.entries(in: program.errors) }

  /// The lines of its log with this event name so far.
  public func log(_ event: String) -> [LogEntry] { log.filter { $0.event == event } }

  /// Waits until its log has a line of this event name, and returns the first.
  @discardableResult
  public func awaitLog(_ event: String, within seconds: Double = 120) throws -> LogEntry {
    var found: LogEntry?
    try awaiting("The log line \(event)", within: seconds, state: { self.program.tail }) {
      // Asked first: what it wrote last stands there once it has ended.
      let isRunning = program.isRunning
      found = log(event).first
      if found == nil, !isRunning { throw Missing("\(event): the worker has ended. \(program.tail)") }
      return found != nil
    }
    guard let found else { throw Missing(event) }
    return found
  }

  /// Waits until it serves so many partitions for the first time.
  public func awaitLanes(_ count: Int32, within seconds: Double = 120) throws {
    try awaiting("\(count) lanes", within: seconds, state: { self.program.tail }) {
      if !program.isRunning { throw Missing("Lanes: the worker has ended. \(program.tail)") }
      return Set(log("lane.opened").compactMap { $0.json["partition"]?.integer }).count == Int(count)
    }
  }

  /// The port of its admin address, once it listens.
  public func adminPort() throws -> UInt16 {
    let address = try awaitLog("admin.listening").json["address"]?.text?.string ?? ""
    guard let port = address.split(separator: ":").last.flatMap({ UInt16($0) }) else { throw Missing("A port") }
    return port
  }

  /// Sends SIGTERM, waits for the end and returns how it ended.
  @discardableResult
  public func stop(within seconds: Double = 120) throws -> RunningProgram.Outcome {
    program.signal(SIGTERM)
    return try program.end(within: seconds)
  }

  /// Ends it as a power cut would.
  public func kill() { program.kill() }
}

/// One line of a worker's log.
public struct LogEntry: Sendable {
  /// All of it.
  public var json: JSONValue
  /// Its `event`, as in `worker.started`.
  public var event: String
  /// Its `level`.
  public var level: String

  /// The whole lines of a log; what is not JSON is passed over, so that a line under way does no harm.
  static func entries(in bytes: [UInt8]) -> [LogEntry] {
    bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
      guard let json = try? JSONValue(parsing: Array(line)), let event = json["event"]?.text else { return nil }
      return LogEntry(json: json, event: event.string, level: json["level"]?.text?.string ?? "")
    }
  }
}
