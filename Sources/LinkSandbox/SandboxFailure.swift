import Glibc
import LinkHTTPServer

/// Why a part of the sandbox cannot be started or used: what failed, on what, and what to try.
public struct SandboxFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// What was being done, as in "listen".
  public var operation: String
  /// On what: an address, a path, the name of a setting.
  public var subject: String
  /// What is wrong with it.
  public var problem: String
  /// What to try, where it is known.
  public var hint: String?

  /// A failure of `operation` on `subject`.
  public init(_ operation: String, _ subject: String, _ problem: String, hint: String? = nil) {
    self.operation = operation
    self.subject = subject
    self.problem = problem
    self.hint = hint
  }

  init(_ failure: HTTPServerFailure) {
    self.init(failure.operation, failure.subject, failure.problem, hint: failure.hint)
  }

  init(_ operation: String, _ subject: String, errno code: Int32) {
    self.init(operation, subject, String(cString: strerror(code)))
  }

  /// One line for an operator.
  public var description: String {
    "Cannot \(operation): \(subject): \(problem)." + (hint.map { " Try: \($0)." } ?? "")
  }
}
