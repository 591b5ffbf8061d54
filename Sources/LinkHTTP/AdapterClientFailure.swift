/// Why the adapter client cannot be made, or cannot renew its credential: what failed, on what, and what to try.
///
/// It never holds the credential, nor a URL that may have one in it.
public struct AdapterClientFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// What was being done, as in "read the adapter's credential".
  public var operation: String
  /// On what: a path, or the name of a setting.
  public var subject: String
  /// What is wrong with it.
  public var problem: String
  /// What to try.
  public var hint: String

  /// A failure of `operation` on `subject`.
  public init(operation: String, subject: String, problem: String, hint: String) {
    self.operation = operation
    self.subject = subject
    self.problem = problem
    self.hint = hint
  }

  /// One line for an operator.
  public var description: String { "Cannot \(operation): \(subject): \(problem). Try: \(hint)." }
}
