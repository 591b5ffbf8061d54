import LinkCore

/// P4: what a quiet user asks for while others' calls hang, or fail, is called for and answered within a bound.
///
/// A worker of these histories has four slots, and uses as many of them as it has found that the adapter bears (`ConcurrencyLimit`). Calls that hang
/// have two of four, or one of two or three (`SlotShare`): one at least, or two of four, are left. Where calls fail, each user has one under way at
/// the most, and links get slots in the order of their coming. So before the quiet user's first call come, at the worst: 20 ms until its record is
/// fetched and looked up, and one call of each of four users that fail and of three other quiet ones, through two slots at the least:
/// (4 × 1500 + 3 × 300) ÷ 2 = 3450 ms; `callLimit` leaves a second and a half to spare. After it come up to 300 ms for the answer, the journal, the
/// linger and the rest between two commits, and three transactions at the most of some 100 ms each; `outcomeLimit` is more than twice that.
/// Where the worker makes one call at a time, each stubborn user's may come first, and take its time.
///
/// It is not judged where anything happened, less than a stubborn call's length and `restTime` before the request or since, for which a worker may
/// rightly have everybody wait: a partition changes hands or is restored, a lane stands still, a transaction fails, a record is refused, the circuit
/// breaker opens or the credential is refused; or a stubborn user asked, for its first call may hang. What is judged counts as a passage.
extension Truth {
  /// From the record's being written to the first call.
  private static let callLimit: Milliseconds = 5000
  /// From there to the visible outcome.
  private static let outcomeLimit: Milliseconds = 2000
  /// By then each stubborn user has been called for, and after an outage (`RecoveryRamp`) 32 calls may begin in a second.
  private static let restTime: Milliseconds = 10_000

  /// Whether nothing has disturbed the workers for so long that each stubborn user is known: a first call that hangs is nobody's fault.
  var hasRested: Bool { hasRested(at: world.agenda.now) }

  private func hasRested(at time: Milliseconds) -> Bool {
    guard let stubbornness = world.plan.stubbornness else { return false }
    return time - unrestAt >= stubbornness.callTime.upperBound + Self.restTime
  }

  /// Something happens for which everybody may have to wait.
  func noteUnrest() { unrestAt = world.agenda.now }

  /// The same of what lasts.
  func lookForUnrest() {
    var open = 0
    for process in world.processes where !process.isDead {
      let load = process.load
      open += load.open
      if load.lanes != load.open || load.refused > 0 || load.breaker != .closed || process.isGateClosed {
        noteUnrest()
      }
      if load.concurrencyLimit < 2 { narrowAt = world.agenda.now }
    }
    if open != Int(world.plan.partitions) || world.slots.contains(where: { $0.process?.isDead ?? true }) {
      noteUnrest()
    }
  }

  /// A note to operators tells of unrest as well.
  func noteTold(_ note: Note) {
    switch note {
    case .laneBlocked, .commitFailed, .decisionRefused, .credentialRefused, .breakerOpened: noteUnrest()
    case .laneOpened, .recordSkipped, .called, .decided, .committed, .credentialAccepted, .breakerHalfOpened,
      .breakerClosed:
      break
    }
  }

  /// A quiet user's request has been written.
  func awaitService(of request: PlannedRequest) {
    let time = world.agenda.now
    world.agenda.after(Self.callLimit) { [self] in
      guard !narrowed(since: time) else {
        return world.agenda.after(slack) { [self] in judgeCall(of: request, writtenAt: time) }
      }
      judgeCall(of: request, writtenAt: time)
    }
  }

  private func narrowed(since time: Milliseconds) -> Bool { narrowAt.map { $0 >= time } ?? false }

  /// How much longer it takes where one call is made at a time.
  private var slack: Milliseconds {
    world.plan.stubbornness.map { Milliseconds($0.users.count) * $0.callTime.upperBound } ?? 0
  }

  private func judgeCall(of request: PlannedRequest, writtenAt time: Milliseconds) {
    guard isJudged(request, writtenAt: time) else { return }
    guard let key = request.link, let call = calls[key]?.first else {
      return violate(
        "P4: \(request.id) of a quiet user has had no call in \(world.agenda.now - time) ms, while others' calls hang or fail"
      )
    }
    world.agenda.after(call.began + Self.outcomeLimit - world.agenda.now) { [self] in
      judgeOutcome(of: request, writtenAt: time)
    }
  }

  private func judgeOutcome(of request: PlannedRequest, writtenAt time: Milliseconds) {
    guard isJudged(request, writtenAt: time) else { return }
    guard outcomes.contains(where: { $0.number == request.number }) else {
      return violate(
        "P4: \(request.id) of a quiet user has no outcome \(world.agenda.now - time) ms after it was written")
    }
    quietLeft -= 1
    world.pass(.quietUserJudged)
  }

  private func isJudged(_ request: PlannedRequest, writtenAt time: Milliseconds) -> Bool {
    guard !hasRested(at: time) else { return true }
    world.tell("\(request.id) of a quiet user is not judged")
    quietLeft -= 1
    return false
  }
}
