/// Stops the calls while the adapter is down, but for single probes further and further apart.
///
/// It opens only when nothing at all succeeds: one user's 5xx is that user's. After Nygard, "Release It!" (2007), with the rule for opening that
/// the project's promise P4 asks for.
struct CircuitBreaker: Sendable {
  /// Failed calls without a sign of life in between, and of how many users, that open it.
  static let failureThreshold = 20
  static let userThreshold = 5
  /// Where calls are rare: so many failures, of two users at least, over so long a time, open it as well.
  static let sparseFailureThreshold = 5
  static let sparseTime: Milliseconds = 60_000
  /// The wait before the first probe; it doubles with each that fails.
  static let probeWaitFirst: Milliseconds = 1000
  static let probeWaitLimit: Milliseconds = 10_000

  private var phase = Phase.closed
  /// Failures since the last sign of life: how many, since when, and of whom (no more users than tell).
  private var failureCount = 0
  private var failingSince: Milliseconds = 0
  private var failingUsers: Set<Int64> = []

  private enum Phase: Sendable {
    case closed
    /// The next probe may be sent at `probeAt`, unless `probing` is under way.
    case open(probeAt: Milliseconds, wait: Milliseconds, probing: UInt64?)
  }

  /// What operators see of it.
  var state: BreakerState {
    switch phase {
    case .closed: .closed
    case .open(_, _, nil): .open
    case .open(_, _, .some): .halfOpen
    }
  }

  /// When the next probe may be sent; nil while closed or while a probe is under way.
  var probeAt: Milliseconds? { if case .open(let probeAt, _, nil) = phase { probeAt } else { nil } }

  /// Whether a call may be made now.
  func admits(uptime: Milliseconds) -> Bool { state == .closed || probeAt.map { uptime >= $0 } ?? false }

  /// Notes a call that was made: while open it is the probe.
  mutating func noteCall(_ call: UInt64, uptime: Milliseconds) {
    guard case .open(_, let wait, nil) = phase else { return }
    phase = .open(probeAt: uptime + wait, wait: wait, probing: call)
  }

  /// Notes that the adapter gave no answer, or said that it cannot now. True where that opens the breaker.
  mutating func noteFailure(_ call: UInt64, _ userId: Int64, uptime: Milliseconds) -> Bool {
    switch phase {
    case .open(_, let wait, call):
      let next = min(2 * wait, Self.probeWaitLimit)
      phase = .open(probeAt: uptime + next, wait: next, probing: nil)
      return false
    case .open:
      // What was under way when it opened tells nothing new.
      return false
    case .closed:
      if failureCount == 0 { failingSince = uptime }
      failureCount += 1
      if failingUsers.count < Self.userThreshold { failingUsers.insert(userId) }
      guard isDown(uptime: uptime) else { return false }
      phase = .open(probeAt: uptime + Self.probeWaitFirst, wait: Self.probeWaitFirst, probing: nil)
      return true
    }
  }

  private func isDown(uptime: Milliseconds) -> Bool {
    let isMany = failureCount >= Self.failureThreshold && failingUsers.count >= Self.userThreshold
    let isLong =
      failureCount >= Self.sparseFailureThreshold && failingUsers.count >= 2
      && uptime - failingSince >= Self.sparseTime
    return isMany || isLong
  }

  /// Notes an answer of an adapter that works, be it a no. True where that closes the breaker.
  mutating func noteLife() -> Bool {
    failureCount = 0
    failingUsers = []
    defer { phase = .closed }
    return state != .closed
  }
}

/// What operators see of the circuit breaker.
public enum BreakerState: String, Sendable, CaseIterable {
  /// Calls are made.
  case closed
  /// No call is made.
  case open
  /// A probe is under way; or one may go, and nobody waits for it.
  case halfOpen = "half_open"
}
