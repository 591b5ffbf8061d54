/// Stops the calls while the adapter is down, but for single probes further and further apart.
///
/// It opens only when nothing at all succeeds: one user's 5xx is that user's, and where half of the users always fail, twenty failures in a row
/// are no news either. After Nygard, "Release It!" (2007), with the rule for opening that the project's promise P4 asks for: a row of failures has to be
/// longer than chance would make it of the share of calls that has failed before.
struct CircuitBreaker: Sendable {
  /// Failed calls without a sign of life in between, and of how many users, that open it.
  static let failureThreshold = 20
  static let userThreshold = 5
  /// How improbable the row must be: at a thousand calls a second, chance makes one such row in eleven days.
  static let chanceLimit = 1e-9
  /// The share of failures is that of the last so many calls, roughly; a row of which it is made counts for no share of its own.
  static let shareWeight = 1.0 / 128
  /// At the highest share that is reckoned with, 1026 failures in a row open it.
  static let shareLimit = 0.98
  /// Where calls are rare: so many failures, of two users at least, over so long a time, open it as well.
  static let sparseFailureThreshold = 5
  static let sparseTime: Milliseconds = 60_000
  /// The wait before the first probe; it doubles with each that fails.
  static let probeWaitFirst: Milliseconds = 1000
  static let probeWaitLimit: Milliseconds = 10_000
  /// Users whose failures are remembered, so that others are probed with.
  static let suspectLimit = 256

  private var phase = Phase.closed
  /// When it last opened.
  private(set) var openedAt: Milliseconds = 0
  /// When the adapter last showed that it works.
  private var lastLife: Milliseconds?
  /// Failures since then: how many, since when, of whom, and how probable a row of them is.
  private var failureCount = 0
  private var failingSince: Milliseconds = 0
  private var failingUsers: Set<Int64> = []
  private var chance = 1.0
  /// The share of calls that fail, and what it was before the row.
  private var share = 0.0
  private var shareBefore = 0.0

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

  /// Whether this user's calls have failed since the adapter last worked: a probe had better be another's.
  func suspects(_ userId: Int64) -> Bool { failingUsers.contains(userId) }

  /// Notes that the adapter gave no answer, or said that it cannot now, to a call that began at `began`. True where that opens the breaker.
  mutating func noteFailure(
    _ call: UInt64, _ userId: Int64, began: Milliseconds, uptime: Milliseconds
  ) -> Bool {
    switch phase {
    case .open(_, let wait, call):
      let next = min(2 * wait, Self.probeWaitLimit)
      phase = .open(probeAt: uptime + next, wait: next, probing: nil)
      suspect(userId)
      return false
    case .open:
      // What was under way when it opened tells nothing new.
      return false
    case .closed:
      // Nor does a call that was under way when the adapter last worked: forty that hang end at the same moment.
      if let lastLife, began < lastLife { return false }
      if failureCount == 0 { (failingSince, shareBefore) = (uptime, min(share, Self.shareLimit)) }
      failureCount += 1
      share += (1 - share) * Self.shareWeight
      // Below a half twenty are improbable enough, or nearly so: a share of next to nothing must not open it any sooner.
      chance *= max(shareBefore, 0.1)
      suspect(userId)
      guard isDown(uptime: uptime) else { return false }
      openedAt = uptime
      phase = .open(probeAt: uptime + Self.probeWaitFirst, wait: Self.probeWaitFirst, probing: nil)
      return true
    }
  }

  private mutating func suspect(_ userId: Int64) {
    if failingUsers.count < Self.suspectLimit { failingUsers.insert(userId) }
  }

  private func isDown(uptime: Milliseconds) -> Bool {
    let isMany =
      failureCount >= Self.failureThreshold && failingUsers.count >= Self.userThreshold && chance < Self.chanceLimit
    let isLong =
      failureCount >= Self.sparseFailureThreshold && failingUsers.count >= 2
      && uptime - failingSince >= Self.sparseTime
    return isMany || isLong
  }

  /// Notes an answer of an adapter that works, be it a no. True where that closes the breaker.
  mutating func noteLife(uptime: Milliseconds) -> Bool {
    lastLife = uptime
    share -= share * Self.shareWeight
    failureCount = 0
    failingUsers = []
    chance = 1
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
