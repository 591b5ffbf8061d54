public import LinkCore

/// How the emulator treats a user: whether it fails, how, how often, and how slowly it answers.
public struct EmulatorRule: Equatable, Sendable {
  /// What goes wrong; nil for nothing.
  public var failure: Failure?
  /// The first so many calls fail; nil: all of them do. Counted from when the rule was set.
  public var failFirst: Int?
  /// The latency of this user's answers, in place of the emulator's; nil for the emulator's.
  public var latency: Milliseconds?

  /// The ways in which a call goes wrong.
  public enum Failure: Hashable, Sendable {
    /// An HTTP status with an error body; `Retry-After` and `Location` where given.
    case status(Int, retryAfter: String? = nil, location: String? = nil)
    /// Status 200 and `{"s":"error","errmsg":…}`.
    case rejected(errmsg: String)
    /// No answer that can be used.
    case fault(Fault)
  }

  /// Answers that no adapter should give. In each of them but `cut` a token is made first, which nobody gets.
  public enum Fault: String, Equatable, Sendable, CaseIterable {
    /// No answer for ten minutes, then a closed connection.
    case hang
    /// The connection is closed instead of an answer, before a token is made.
    case cut
    /// The connection is closed instead of an answer, after a token was made.
    case lost
    /// Half of the answer, then the connection is closed.
    case truncate
    /// The answer, one byte every 100 ms.
    case drip
    /// Status 200 and 100 MB.
    case huge
    /// One of the three below, each as often as the others.
    case garbage
    /// Status 200 and something that is not JSON.
    case notJSON = "not-json"
    /// Status 200 and a token without `s`.
    case noS = "no-s"
    /// Status 200 and `{"s":"ok"}` without a token.
    case empty
  }

  /// A rule.
  public init(failure: Failure? = nil, failFirst: Int? = nil, latency: Milliseconds? = nil) {
    self.failure = failure
    self.failFirst = failFirst
    self.latency = latency
  }

  func check() throws(SandboxFailure) {
    func failure(_ field: String, _ hint: String) -> SandboxFailure {
      SandboxFailure("set an emulator rule", field, "it is out of range", hint: hint)
    }
    if let failFirst, failFirst < 0 { throw failure("failFirst", "0 or more") }
    if let latency, !(0...3_600_000).contains(latency) { throw failure("latencyMs", "0 to 3 600 000") }
    if case .status(let status, let retryAfter, let location) = self.failure {
      guard (200...599).contains(status) else { throw failure("status", "200 to 599") }
      for value in [retryAfter, location].compactMap({ $0 }) where Text(value).hasControlCharacters {
        throw failure("retryAfter or location", "text without control characters")
      }
    }
  }
}
