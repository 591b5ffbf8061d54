import LinkOps

/// Why a command ends without having done its work: what standard error says, and the exit code.
public struct CommandFailure: Error, Sendable {
  /// At least one; each becomes one line.
  public var lines: [Line]
  /// How the process ends.
  public var exitCode: ExitCode

  /// What failed, on what, why, and what to try. Never a secret.
  public struct Line: Hashable, Sendable {
    /// What failed, for instance `setting`.
    public var operation: String
    /// On what; empty where the operation says it already.
    public var subject: String
    /// Why.
    public var reason: String
    /// What to try; empty where nobody knows.
    public var hint: String

    /// A line.
    public init(_ operation: String, _ subject: String = "", _ reason: String, hint: String) {
      self.operation = operation
      self.subject = subject
      self.reason = reason
      self.hint = hint
    }

    /// `linkworker: OPERATION: SUBJECT: REASON. Try: HINT`: one line, whatever stands in its parts.
    public var description: String {
      let parts = ["linkworker", operation, subject, reason].filter { !$0.isEmpty }.map { Self.inOneLine($0) }
      let sentence = parts.joined(separator: ": ") + (reason.hasSuffix("?") ? "" : ".")
      return hint.isEmpty ? sentence : "\(sentence) Try: \(Self.inOneLine(hint))"
    }

    /// Without what would end the line or steer the terminal; quotes, which are already escaped where they matter, stay.
    static func inOneLine(_ text: String) -> String {
      text.unicodeScalars.map { scalar in
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .format: LogText.escaped(String(scalar))
        default: String(scalar)
        }
      }.joined()
    }
  }

  /// A failure of one line.
  public init(_ exitCode: ExitCode, _ line: Line) {
    self.exitCode = exitCode
    lines = [line]
  }

  /// The settings cannot be used.
  init(_ failure: SettingsFailure) {
    exitCode = failure.exitCode
    lines = failure.problems.map { Line("setting", $0.place, $0.fault.reason, hint: $0.fault.hint) }
  }

  /// The command line cannot be understood.
  static func usage(_ subject: String, _ reason: String, hint: String) -> CommandFailure {
    CommandFailure(.usage, Line("command line", subject, reason, hint: hint))
  }
}
