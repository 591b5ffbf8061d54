/// How much a line of the log matters; a log keeps its own level and what is above it.
public enum LogLevel: String, Comparable, Sendable, CaseIterable {
  /// Something is wrong and a person has to act.
  case error
  /// Something is wrong and the worker copes, for now.
  case warning
  /// What an operator wants to have read afterwards: start, assignment, stop.
  case info
  /// Every step; for one who looks for a fault.
  case debug

  /// The weightier first.
  public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rank < right.rank }

  private var rank: Int {
    switch self {
    case .error: 0
    case .warning: 1
    case .info: 2
    case .debug: 3
    }
  }
}

/// How a line of the log is written.
public enum LogFormat: String, Sendable, CaseIterable {
  /// One JSON object a line: `time`, `level`, `event`, `message`, then the fields.
  case json
  /// One line of text for a person, the fields as `name=value`.
  case text
}
