import LinkCore

/// What one process has heard of the adapter, and what that allows it: P7 and P8, restated from what operators are promised.
struct AdapterView {
  /// Between two probes of a refused credential.
  private static let credentialRest: Milliseconds = 30_000
  /// Between two probes of an adapter that is down, at the least.
  private static let probeRest: Milliseconds = 1000
  /// Failed calls, and of how many users, after which the adapter is down for certain: more than chance makes in any of these histories.
  private static let failureCount = 45
  private static let userCount = 5

  /// Calls whose answers have not been taken yet.
  private var calls: [UInt64: CallRecord] = [:]
  /// When the next call may be made, where the credential is refused.
  private var probeFrom: Milliseconds?
  /// When it was.
  private var refusedAt: Milliseconds = 0
  /// When the credential was last known to be good, or to be another one: what was asked before tells nothing of it.
  private var knownSince: Milliseconds = 0
  /// When the adapter last showed that it works: a call that was under way then tells nothing.
  private var livedAt: Milliseconds = 0
  /// Failures since then, and of whom.
  private var failures = 0
  private var failingUsers: Set<Int64> = []
  /// When the next call may be made, where the adapter is down.
  private var downFrom: Milliseconds?

  /// A call is made. Says which promise it breaks.
  mutating func noteCall(_ id: UInt64, _ call: CallRecord, now: Milliseconds) -> String? {
    calls[id] = call
    defer {
      if probeFrom != nil { probeFrom = now + Self.credentialRest }
      if downFrom != nil { downFrom = now + Self.probeRest }
    }
    if let probeFrom, now < probeFrom {
      return "P7: worker \(call.process.slot.index) calls \(probeFrom - now) ms too early with a refused credential"
    }
    if let downFrom, now < downFrom {
      return "P8: worker \(call.process.slot.index) calls an adapter that is down \(downFrom - now) ms too early"
    }
    return nil
  }

  /// An answer is taken.
  mutating func noteAnswer(_ id: UInt64, now: Milliseconds) {
    guard let call = calls.removeValue(forKey: id), let verdict = call.verdict else { return }
    switch verdict {
    case .succeeded, .rejected:
      // One that was under way when the credential was refused tells nothing new.
      if probeFrom == nil || call.began >= refusedAt { (probeFrom, knownSince) = (nil, now) }
    case .credential:
      // The worker may have stopped before, for 403s, and this be its probe.
      if probeFrom == nil, call.began >= knownSince { (probeFrom, refusedAt) = (call.began + Self.credentialRest, now) }
    case .unsent, .ambiguous, .forbidden, .transient: break
    }
    switch verdict {
    case .succeeded, .rejected, .credential, .forbidden:
      livedAt = now
      failures = 0
      failingUsers = []
      downFrom = nil
    case .unsent, .ambiguous, .transient:
      // That one user's calls fail tells nothing of the adapter, however often.
      guard call.began >= livedAt, !call.isStubborn else { return }
      failures += 1
      failingUsers.insert(call.key.userId)
      guard downFrom == nil, failures >= Self.failureCount, failingUsers.count >= Self.userCount else { return }
      // The worker may have known it for a while, and a probe be due: the next ones tell.
      downFrom = now
    }
  }

  /// There is another credential: it may be tried at once.
  mutating func noteRenewal(now: Milliseconds) {
    knownSince = now
    if probeFrom != nil { probeFrom = now }
  }
}
