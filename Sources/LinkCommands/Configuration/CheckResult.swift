import LinkCore
import LinkOps

/// What one step of `config check` has found: one line.
struct CheckResult: Hashable, Sendable {
  /// How it went.
  enum Status: String, Sendable {
    /// As the worker needs it.
    case ok
    /// The worker runs with it, but better not.
    case note
    /// The worker does not work with it.
    case problem
    /// Nobody knows, for this could not be tried.
    case untried
  }

  /// What it is about: `setting`, `kafka`, `topic`, `permission`, `adapter`, `credential` or `store`.
  var area: String
  /// How it went.
  var status: Status
  /// What was found, on what.
  var text: String
  /// What to try; empty where there is nothing to do.
  var hint = ""
  /// How the command ends for it, where it is a problem.
  var exitCode = ExitCode.ok

  static func ok(_ area: String, _ text: String) -> CheckResult { CheckResult(area: area, status: .ok, text: text) }

  static func note(_ area: String, _ text: String, hint: String) -> CheckResult {
    CheckResult(area: area, status: .note, text: text, hint: hint)
  }

  static func problem(_ area: String, _ text: String, hint: String, _ exitCode: ExitCode) -> CheckResult {
    CheckResult(area: area, status: .problem, text: text, hint: hint, exitCode: exitCode)
  }

  static func untried(_ area: String, _ text: String) -> CheckResult {
    CheckResult(area: area, status: .untried, text: text)
  }

  /// The problems that a failure consists of.
  static func problems(_ area: String, _ failure: CommandFailure) -> [CheckResult] {
    failure.lines.map { line in
      let place = area == line.operation ? [line.subject] : [line.operation, line.subject]
      let text = (place + [line.reason]).filter { !$0.isEmpty }.joined(separator: ": ")
      return .problem(area, text, hint: line.hint, failure.exitCode)
    }
  }

  /// For people.
  var line: String {
    let mark = status.rawValue + String(repeating: " ", count: 8 - status.rawValue.count)
    return mark + CommandFailure.Line.inOneLine("\(area): \(text)" + (hint.isEmpty ? "" : ". Try: \(hint)"))
  }

  /// For programs: one JSON object.
  var json: String {
    var writer = JSONWriter()
    writer.beginObject()
    writer.name("check")
    writer.string(area)
    writer.name("status")
    writer.string(status.rawValue)
    writer.name("text")
    writer.string(text)
    if !hint.isEmpty {
      writer.name("hint")
      writer.string(hint)
    }
    if exitCode != .ok {
      writer.name("exitCode")
      writer.integer(Int64(exitCode.rawValue))
    }
    writer.endObject()
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  /// The code that says most: of the settings, of permissions, of what does not answer, of files, of the store.
  static func worst(_ codes: some Sequence<ExitCode>) -> ExitCode {
    let codes = Set(codes)
    return [.usage, .config, .noPermission, .unavailable, .noInput, .cantCreate].first { codes.contains($0) }
      ?? codes.first { $0 != .ok } ?? .ok
  }
}
