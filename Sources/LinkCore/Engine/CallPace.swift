/// How many calls may begin in a second: this worker's share of `adapter.rate.per.second`, and less after the adapter was down.
struct CallPace: Sendable {
  /// The rate is what succeeded in so long a time, at least.
  static let measuringTime: Milliseconds = 10_000
  /// A lower rate takes the place of a higher one by and by: the busy hour is what the adapter is known to bear.
  static let decay = 0.8

  private var share: Double?
  private var ramp: RecoveryRamp?
  /// There only while something limits the rate.
  private var limit: RateLimit?
  /// Successful calls a second, and the count of the present measurement.
  private var usual = 0.0
  private var successCount = 0
  private var countedSince: Milliseconds?

  /// Calls that may begin in a second; nil where nothing limits them.
  func perSecond(uptime: Milliseconds) -> Double? { [share, ramp?.perSecond(uptime: uptime)].compactMap(\.self).min() }

  /// How long to wait for the next call, as things were when that was last asked.
  var wait: Milliseconds { limit?.wait ?? 0 }

  /// Changes this worker's share of the rate that is set.
  mutating func share(_ perSecond: Double, uptime: Milliseconds) {
    share = perSecond
    adjust(uptime: uptime)
  }

  /// Begins anew at a low rate, for the adapter has: it was down, or refused everybody.
  mutating func recover(uptime: Milliseconds) {
    ramp = RecoveryRamp(began: uptime, rateBefore: usual)
    // What was counted before the outage is an outage old.
    countedSince = nil
    adjust(uptime: uptime)
  }

  /// Whether a call may begin now.
  mutating func admits(uptime: Milliseconds) -> Bool {
    guard limit != nil else { return true }
    adjust(uptime: uptime)
    return wait == 0
  }

  /// Notes a call that begins.
  mutating func noteCall(uptime: Milliseconds) { _ = limit?.take(now: uptime) }

  /// Notes a call that brought a token.
  mutating func noteSuccess(uptime: Milliseconds) {
    guard let since = countedSince else {
      countedSince = uptime
      successCount = 0
      return
    }
    successCount += 1
    guard uptime - since >= Self.measuringTime else { return }
    usual = max(Double(successCount) * 1000 / Double(uptime - since), usual * Self.decay)
    countedSince = uptime
    successCount = 0
  }

  private mutating func adjust(uptime: Milliseconds) {
    guard let least = perSecond(uptime: uptime) else {
      limit = nil
      return
    }
    if limit == nil { limit = RateLimit(perSecond: least, now: uptime) }
    limit?.change(perSecond: least, now: uptime)
  }
}
