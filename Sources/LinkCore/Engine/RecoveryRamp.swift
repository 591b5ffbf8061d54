/// How fast calls may begin after the adapter was down, or refused everybody, so that it is not run over by what has gathered.
///
/// Where an answer takes no time to speak of, a limit of calls at once bounds no rate: so there is one of calls a second as well. It begins at a 32nd of
/// the rate at which calls succeeded before, at least 1, and doubles every two seconds (the slow start of RFC 5681, in time instead of round trips):
/// after 10 s it is where it was, and of those 10 s the mean is less than a third of that. It goes on doubling, for more may have gathered than usual came in, and
/// after 30 s, at a thousand times the rate before, limits nothing any more.
struct RecoveryRamp: Sendable {
  /// In which time the rate doubles.
  static let doublingTime: Milliseconds = 2000
  /// How long the ramp is.
  static let length: Milliseconds = 30_000
  /// The rate before is divided by this.
  static let divisor = 32.0

  private let began: Milliseconds
  private let first: Double

  /// A ramp from `began` on, after `rate` successful calls a second before.
  init(began: Milliseconds, rateBefore rate: Double) {
    self.began = began
    first = max(rate / Self.divisor, 1)
  }

  /// Calls that may begin in a second; nil where the ramp has ended. Between two doublings it is a straight line.
  func perSecond(uptime: Milliseconds) -> Double? {
    let passed = max(uptime - began, 0)
    guard passed < Self.length else { return nil }
    let (doublings, rest) = passed.quotientAndRemainder(dividingBy: Self.doublingTime)
    return first * Double(1 << doublings) * (1 + Double(rest) / Double(Self.doublingTime))
  }
}
