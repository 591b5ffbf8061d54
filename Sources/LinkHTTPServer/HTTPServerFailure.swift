/// Why an HTTP server cannot be started: what failed, on what, and what to try.
package struct HTTPServerFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// What was being done, as in "listen".
  package var operation: String
  /// On what: an address and a port.
  package var subject: String
  /// What is wrong with it.
  package var problem: String
  /// What to try.
  package var hint: String

  init(_ operation: String, _ subject: String, _ problem: String, hint: String) {
    self.operation = operation
    self.subject = subject
    self.problem = problem
    self.hint = hint
  }

  /// One line for an operator.
  package var description: String { "Cannot \(operation): \(subject): \(problem). Try: \(hint)." }
}
