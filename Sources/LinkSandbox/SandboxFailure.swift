import Glibc

/// Something that stands in for the outside world could not be started.
public struct SandboxFailure: Error, Sendable, CustomStringConvertible {
  /// What was to be done, as in "start the broker".
  public var operation: String
  /// On what.
  public var subject: String
  /// What went wrong.
  public var detail: String
  /// What to try.
  public var hint: String?

  /// A failure.
  public init(_ operation: String, _ subject: String, _ detail: String, hint: String? = nil) {
    self.operation = operation
    self.subject = subject
    self.detail = detail
    self.hint = hint
  }

  init(_ operation: String, _ subject: String, errno code: Int32) {
    self.init(operation, subject, String(cString: strerror(code)))
  }

  /// "cannot OPERATION SUBJECT: DETAIL. Try: HINT".
  public var description: String {
    "cannot \(operation) \(subject): \(detail)" + (hint.map { ". Try: \($0)" } ?? "")
  }
}
