import LinkOps

/// What is wrong with a value, before anybody says whose it is. It never holds a secret.
public struct SettingFault: Error, Hashable, Sendable {
  /// What is wrong, as the rest of a sentence whose subject is the setting.
  public var reason: String
  /// What to try.
  public var hint: String
  /// How the process ends for it: `config`, or `noInput` or `noPermission` for a file.
  public var exitCode: ExitCode

  init(_ reason: String, hint: String, exitCode: ExitCode = .config) {
    self.reason = reason
    self.hint = hint
    self.exitCode = exitCode
  }
}

/// One thing that is wrong with the settings: one line on standard error.
public struct SettingProblem: Error, Hashable, Sendable {
  /// The setting, the variable or the file that it is about.
  public var subject: String
  /// Where the value came from, where there is one.
  public var origin: SettingOrigin?
  /// What is wrong and what to try.
  public var fault: SettingFault

  /// `subject (origin)`.
  var place: String { origin.map { "\(subject) (\($0))" } ?? subject }
}

/// All that is wrong with the settings, found in one go.
public struct SettingsFailure: Error, Sendable {
  /// At least one.
  public var problems: [SettingProblem]

  /// How the process ends: the first of usage, noInput and noPermission that occurs, else config.
  public var exitCode: ExitCode {
    let codes = Set(problems.map(\.fault.exitCode))
    return [.usage, .noInput, .noPermission].first { codes.contains($0) } ?? .config
  }
}

/// Values in messages: short, on one line, in quotes.
func quoted(_ value: String) -> String { "\"\(LogText.escaped(value, limit: 80))\"" }
