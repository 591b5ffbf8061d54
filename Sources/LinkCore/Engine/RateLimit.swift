/// So many a second, evenly: what was not used up is not saved for later, but for a tenth of a second (a token bucket). Pure: the clock is
/// handed in.
public struct RateLimit: Sendable {
  private var perSecond: Double
  private var allowance: Double
  private var at: Milliseconds

  /// So many a second, at least 1, from now on.
  public init(perSecond: Int, now: Milliseconds) { self.init(perSecond: Double(perSecond), now: now) }

  /// The same of a rate that need not be whole, above 0.
  init(perSecond: Double, now: Milliseconds) {
    self.perSecond = perSecond
    allowance = 1
    at = now
  }

  /// Takes one, where one may be had now; else how many milliseconds to wait for it.
  public mutating func take(now: Milliseconds) -> Milliseconds? {
    fill(now: now)
    guard allowance < 1 else {
      allowance -= 1
      return nil
    }
    return wait
  }

  /// Changes the rate: what has passed counts by the earlier one.
  mutating func change(perSecond: Double, now: Milliseconds) {
    fill(now: now)
    self.perSecond = perSecond
  }

  /// How long to wait until one may be had, as things were when the limit was last asked; 0 where one may be had.
  var wait: Milliseconds {
    allowance < 1 ? max(Milliseconds(((1 - allowance) * 1000 / perSecond).rounded(.up)), 1) : 0
  }

  /// Adds what the time since the last look allows.
  private mutating func fill(now: Milliseconds) {
    // Half of one more, or a low rate would lose what passes until somebody looks.
    allowance = min(allowance + Double(max(now - at, 0)) * perSecond / 1000, max(perSecond / 10, 1.5))
    at = max(at, now)
  }
}
