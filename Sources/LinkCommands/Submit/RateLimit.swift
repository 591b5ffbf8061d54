import LinkCore

/// So many a second, evenly: what was not used up is not saved for later, but for a tenth of a second. Pure: the clock is handed in.
struct RateLimit {
  private let perSecond: Double
  private var allowance: Double
  private var at: Milliseconds

  init(perSecond: Int, now: Milliseconds) {
    self.perSecond = Double(perSecond)
    allowance = 1
    at = now
  }

  /// Takes one, where one may be had now; else how many milliseconds to wait for it.
  mutating func take(now: Milliseconds) -> Milliseconds? {
    allowance = min(allowance + Double(now - at) * perSecond / 1000, max(perSecond / 10, 1))
    at = now
    guard allowance < 1 else {
      allowance -= 1
      return nil
    }
    return max(Milliseconds((1 - allowance) * 1000 / perSecond), 1)
  }
}
