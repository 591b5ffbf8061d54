/// What an answer tells of the worker's own credential, of one user's standing (promise P7), and of whether the adapter is up at all.
extension Engine {
  /// What the answer tells of the credential, of others, and to operators.
  mutating func noteAnswer(
    _ call: UInt64, _ flight: CallInFlight, _ judgement: Judgement, status: Int?
  ) -> Attempt {
    var verdict = judgement.verdict
    var detail: String?
    concurrencyLimit.noteAnswer(
      call, CapacitySign(judgement), of: flight.key.userId, began: flight.since, uptime: now.uptime)
    noteHealth(call, flight, judgement)
    switch judgement {
    case .succeeded: noteAccepted(flight)
    case .rejected(_, let errmsg), .notYet(_, let errmsg, _):
      gate.noteOtherAnswer(to: flight.key.userId)
      // The adapter's own no speaks for the credential; a bare 4xx may come from anything on the way.
      if errmsg != nil, gate.accept(callOf: flight.since, uptime: now.uptime) {
        noteGateOpened()
      } else {
        gate.noteOther(call)
      }
    case .credential(let status): refuseCredential(call, flight, status)
    case .forbidden:
      // While the credential is refused nothing is known of the user: a probe's 403 may burn nobody.
      if !gate.isOpen || !gate.concerns(callOf: flight.since) || gate.isRefusalOfAll(flight.key.userId) {
        verdict = .credential
        refuseCredential(call, flight, 403)
      }
    case .unsent(let reason), .ambiguous(let reason):
      detail = reason
      if status != nil { gate.noteOtherAnswer(to: flight.key.userId) }
      gate.noteOther(call)
    case .transient:
      gate.noteOtherAnswer(to: flight.key.userId)
      gate.noteOther(call)
    }
    effects.append(
      .note(
        .called(
          key: flight.key, verdict: verdict, status: status, detail: detail, took: now.uptime - flight.since)))
    return Attempt(at: flight.at, verdict: verdict, status: status)
  }

  /// What the answer tells of whether the adapter is up: a no is as good as a token, for it took the trouble to say it.
  private mutating func noteHealth(_ call: UInt64, _ flight: CallInFlight, _ judgement: Judgement) {
    switch judgement {
    case .unsent, .ambiguous, .transient:
      if breaker.noteFailure(call, flight.key.userId, began: flight.since, uptime: now.uptime) {
        effects.append(.note(.breakerOpened))
      }
    case .succeeded, .rejected, .notYet, .credential, .forbidden:
      if breaker.noteLife(uptime: now.uptime) {
        effects.append(.note(.breakerClosed))
        recover(since: breaker.openedAt)
      }
    }
  }

  /// The adapter took the credential: it gave a token.
  private mutating func noteAccepted(_ flight: CallInFlight) {
    let userId = flight.key.userId
    if gate.accept(callOf: flight.since, uptime: now.uptime) { noteGateOpened() }
    gate.noteSuccess()
    pace.noteSuccess(uptime: now.uptime)
    lastSuccesses[userId] = now.wall
    // The latest successes of two users tell for any third whether others succeed.
    if lastSuccesses.count > 2, let oldest = lastSuccesses.min(by: { $0.value < $1.value }) {
      lastSuccesses[oldest.key] = nil
    }
  }

  private mutating func noteGateOpened() {
    effects.append(.note(.credentialAccepted))
    recover(since: gate.closedAt)
  }

  /// Calls go on after an outage: few at first, for everything that has gathered is due, and the adapter is cold.
  private mutating func recover(since stop: Milliseconds) {
    concurrencyLimit.restart(uptime: now.uptime)
    // After a moment little has gathered, and a ramp of its own would cost everybody more than the outage did.
    if now.uptime - stop >= Self.outageLeast { pace.recover(uptime: now.uptime) }
  }

  /// The shortest outage after which calls are paced.
  static let outageLeast: Milliseconds = 10_000

  private mutating func refuseCredential(_ call: UInt64, _ flight: CallInFlight, _ status: Int) {
    // While a credential is rotated calls with the earlier one are still under way.
    guard gate.concerns(callOf: flight.since) else { return gate.noteOther(call) }
    gate.noteRefusal(to: flight.key.userId)
    effects.append(.reloadCredential)
    if gate.refuse(call, uptime: now.uptime) { effects.append(.note(.credentialRefused(status: status))) }
  }

  /// The second 403 of a link is final where others succeeded between the two. A replay begins anew: what it is to mend may have been just that.
  func isForbiddenForGood(_ link: Link) -> Bool {
    guard let earlier = link.attemptsOfReplay.dropLast().last(where: { $0.verdict == .forbidden }) else { return false }
    return lastSuccesses.contains { $0.key != link.key.userId && $0.value > earlier.at }
  }
}
