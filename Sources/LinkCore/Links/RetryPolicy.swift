/// When a link that did not get its token is tried again, and when it is given up.
public struct RetryPolicy: Sendable {
  /// The longest first wait, in milliseconds.
  public var initial: Milliseconds
  /// The longest wait of the worker's own choice.
  public var limit: Milliseconds
  /// As much of a `Retry-After` as is believed.
  public var retryAfterLimit: Milliseconds
  /// Counted attempts after which a link fails; 0 for no limit.
  public var attemptLimit: Int
  /// Ambiguous answers after which a link fails; 0 for no limit. Each may have left a token that nobody holds.
  public var ambiguousLimit: Int
  /// How long a link without a deadline of its own is tried.
  public var deadline: Milliseconds

  /// A policy; the defaults are the settings'.
  public init(
    initial: Milliseconds = 500, limit: Milliseconds = 900_000, retryAfterLimit: Milliseconds = 900_000,
    attemptLimit: Int = 0, ambiguousLimit: Int = 300, deadline: Milliseconds = 72 * 3_600_000
  ) {
    self.initial = initial
    self.limit = limit
    self.retryAfterLimit = retryAfterLimit
    self.attemptLimit = attemptLimit
    self.ambiguousLimit = ambiguousLimit
    self.deadline = deadline
  }

  /// What is next for a link after an attempt that a later one may mend.
  public enum Next: Equatable, Sendable {
    /// Try again at `due`, which is `wait` from now.
    case retry(due: Timestamp, wait: Milliseconds)
    /// A limit is reached, which the code names.
    case exhausted(FailureCode)
  }

  /// Decides for a link whose last attempt stands in its history already.
  ///
  /// Exponential backoff with full jitter (Brooker, "Exponential Backoff and Jitter", 2015): uniform between 0 and the doubled wait. What a
  /// `Retry-After` asks for is waited before that, up to `retryAfterLimit`, and the jitter is then a tenth of it at least: all who were told the
  /// same date would come back at once. Never later than the link's deadline: there it ends anyway.
  public func next(
    for link: Link, retryAfter: RetryAfter?, now: Timestamp, stateRetention: Milliseconds,
    random: inout some RandomNumberGenerator
  ) -> Next {
    if let code = exhaustion(of: link) { return .exhausted(code) }
    let asked: Milliseconds =
      switch retryAfter {
      case .delay(let delay): delay
      case .date(let date): date - now
      case nil: 0
      }
    let floor = min(max(asked, 0), retryAfterLimit)
    let jitter = max(ceiling(afterAttempts: link.attemptsOfReplay.count), floor / 10)
    let due = min(
      now + floor + Milliseconds.random(in: 0...jitter, using: &random),
      link.deadline(self, stateRetention: stateRetention))
    return .retry(due: due, wait: max(due - now, 0))
  }

  /// The limit that the link's last attempt reached. What does not count (401, 403, 3xx, what was never sent) ends nothing, also where a limit
  /// was lowered meanwhile.
  private func exhaustion(of link: Link) -> FailureCode? {
    guard link.attempts.last?.verdict.counts == true else { return nil }
    // It tells more: tokens may have been made.
    if ambiguousLimit > 0, link.ambiguousCount >= ambiguousLimit { return .ambiguousExhausted }
    return attemptLimit > 0 && link.attemptCount >= attemptLimit ? .attemptsExhausted : nil
  }

  /// The longest that a link is ever put off at a time.
  var longestWait: Milliseconds { retryAfterLimit + max(limit, retryAfterLimit / 10) }

  /// The longest wait after so many attempts.
  func ceiling(afterAttempts count: Int) -> Milliseconds {
    let doublings = min(max(count - 1, 0), 40)
    let (doubled, overflow) = initial.multipliedReportingOverflow(by: 1 << Milliseconds(doublings))
    return overflow ? limit : min(doubled, limit)
  }
}

extension Link {
  /// The moment after which no call is made for it: its request's own deadline, at most the retention after the request, or else
  /// `retry.deadline.ms` after it. An accepted replay begins anew.
  func deadline(_ policy: RetryPolicy, stateRetention: Milliseconds) -> Timestamp {
    let asked = replays.last?.at ?? origin.timestamp
    guard let own = request?.deadline else { return asked + policy.deadline }
    return min(own, asked + stateRetention)
  }

  /// Attempts since the request, or since the last accepted replay, as far as they are remembered.
  var attemptsOfReplay: [Attempt] {
    guard let begun = replays.last?.at else { return attempts }
    return attempts.filter { $0.at >= begun }
  }

  /// Adds an attempt, forgetting the oldest beyond the limit.
  mutating func remember(_ attempt: Attempt) {
    attempts.append(attempt)
    if attempts.count > Link.attemptLimit { attempts.removeFirst(attempts.count - Link.attemptLimit) }
  }
}
