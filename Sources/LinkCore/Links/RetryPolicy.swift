/// When a link that did not get its token is tried again, and when it is given up.
public struct RetryPolicy: Sendable {
  /// The longest first wait, in milliseconds.
  public var initial: Milliseconds
  /// The longest wait at all.
  public var limit: Milliseconds
  /// Counted attempts after which a link fails; 0 for no limit.
  public var attemptLimit: Int
  /// How long a link without a deadline of its own is tried.
  public var deadline: Milliseconds

  /// A policy; the defaults are the settings'.
  public init(
    initial: Milliseconds = 500, limit: Milliseconds = 900_000, attemptLimit: Int = 0,
    deadline: Milliseconds = 72 * 3_600_000
  ) {
    self.initial = initial
    self.limit = limit
    self.attemptLimit = attemptLimit
    self.deadline = deadline
  }

  /// What is next for a link after an attempt that a later one may mend.
  public enum Next: Equatable, Sendable {
    /// Try again at `due`, which is `wait` from now.
    case retry(due: Timestamp, wait: Milliseconds)
    /// `retry.attempts` is reached.
    case exhausted
  }

  /// Decides for a link whose last attempt stands in its history already.
  ///
  /// Exponential backoff with full jitter (Brooker, "Exponential Backoff and Jitter", 2015): uniform between 0 and the doubled wait. A
  /// `Retry-After` is a floor, itself at most `limit`. Never later than the link's deadline: there it ends anyway.
  public func next(
    for link: Link, retryAfter: RetryAfter?, now: Timestamp, stateRetention: Milliseconds,
    random: inout some RandomNumberGenerator
  ) -> Next {
    if attemptLimit > 0, link.attemptCount >= attemptLimit { return .exhausted }
    var wait = Milliseconds.random(in: 0...ceiling(afterAttempts: link.attemptsOfReplay), using: &random)
    switch retryAfter {
    case .delay(let delay): wait = max(wait, min(max(delay, 0), limit))
    case .date(let date): wait = max(wait, min(max(date - now, 0), limit))
    case nil: break
    }
    let due = min(now + wait, link.deadline(self, stateRetention: stateRetention))
    return .retry(due: due, wait: max(due - now, 0))
  }

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
  var attemptsOfReplay: Int {
    guard let begun = replays.last?.at else { return attempts.count }
    return attempts.count { $0.at >= begun }
  }

  /// Adds an attempt, forgetting the oldest beyond the limit.
  mutating func remember(_ attempt: Attempt) {
    attempts.append(attempt)
    if attempts.count > Link.attemptLimit { attempts.removeFirst(attempts.count - Link.attemptLimit) }
  }
}
