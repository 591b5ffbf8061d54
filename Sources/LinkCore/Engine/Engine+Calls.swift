/// A link waits for its turn, and the answer of its call is judged: steps 2 to 4 of the protocol.
extension Engine {
  /// Lets a link into motion: its journaled answer is used where there is one, else it waits for its turn.
  /// It is the first of its user's unless it had to wait in the store for an earlier one.
  mutating func admit(
    _ link: Link, _ lane: LaneID, settles: Int64?, journaled: JournalEntry?, isFirst: Bool = true
  ) {
    guard let request = link.request else { return }
    if let journaled, let answer = usable(journaled, for: link) {
      active[link.key] = ActiveLink(lane: lane, stage: .decided, link: answer.link, settles: settles)
      propose(
        Proposal(
          id: nextNumber(), lane: lane, key: link.key, settles: settles, records: [answer.outcome],
          state: [.link(answer.link)], journal: journaled.key, askedAt: answer.link.askedAt))
      return noteOutcome(answer.link, lane, settles: settles)
    }
    guard !isOverdue(link) else {
      return fail(link, request, lane, settles: settles, code: .deadlineExceeded)
    }
    guard !users.isFull(link.key.userId, limit: settings.userQueueLimit) else {
      return standAside(link, lane, settles: settles)
    }
    active[link.key] = ActiveLink(
      lane: lane, stage: .queued, link: link, settles: settles, waitsSince: now.uptime)
    if users.enter(link.key, offset: link.origin.offset) { makeReady(link.key, isFirst: isFirst) }
  }

  /// The journaled answer, where it belongs to this very request and its token lives.
  ///
  /// The same scope is not enough: the answer's outcome names its request, and that one may have been refused, or have expired, since.
  private func usable(_ entry: JournalEntry, for link: Link) -> JournalPayload? {
    // A payload that cannot be read is as good as none: the adapter is asked again.
    guard entry.fingerprint == link.fingerprint, entry.key.replay == link.replay, entry.expiresAt > now.wall,
      let answer = try? JournalPayload(decoding: entry.payload), answer.link.origin == link.origin
    else { return nil }
    return answer
  }

  /// Leaves the memory to others: a received request is settled as scheduled and due at once, a link from the schedule is parked.
  private mutating func standAside(_ link: Link, _ lane: LaneID, settles: Int64?) {
    if settles == nil {
      active[link.key] = nil
      park(link, lane)
    } else {
      var link = link
      link.state = .scheduled(due: now.wall)
      schedule(link, lane, settles: settles, as: .scheduled)
    }
  }

  mutating func answered(_ call: UInt64, _ answer: AdapterAnswer) {
    guard let flight = calls.removeValue(forKey: call) else { return }
    slots.noteEnd(call, of: flight.key.userId, answer)
    let judgement = Judgement(answer, settings.answers)
    let attempt = noteAnswer(call, flight, judgement, status: answer.status)
    let settles = active[flight.key]?.lane == flight.lane ? active[flight.key]?.settles : nil
    defer {
      // Last, behind the journal's entry: what the store is asked for now may be this very link, parked behind its own call.
      endTurn(of: flight.key)
      recheck(flight)
    }
    standByForRecheck(flight)
    var link = flight.link
    link.remember(attempt)
    if attempt.verdict.counts { link.attemptCount += 1 }
    if attempt.verdict == .ambiguous { link.ambiguousCount += 1 }
    switch judgement {
    case .succeeded(let token): succeed(link, flight, token, settles: settles)
    case .rejected(_, let errmsg):
      fail(
        link, flight.request, flight.lane, settles: settles, code: .adapterRejected,
        detail: errmsg.map { EventError.redacted($0, secrets: []) })
    case .forbidden where attempt.verdict == .forbidden && isForbiddenForGood(link):
      fail(link, flight.request, flight.lane, settles: settles, code: .userForbidden)
    case .transient(_, let retryAfter), .notYet(_, _, let retryAfter):
      retry(link, flight, settles: settles, retryAfter: retryAfter)
    case .unsent, .ambiguous, .credential, .forbidden: retry(link, flight, settles: settles, retryAfter: nil)
    }
  }

  /// The partition went and came back while the call was under way, and its request waits again, behind its own call: the answer that is
  /// journaled now may serve it.
  private mutating func standByForRecheck(_ flight: CallInFlight) {
    if let lane = lanes[flight.lane.partition], lane.id != flight.lane, lane.isScanning {
      lanes[flight.lane.partition]?.answeredSinceScan.insert(flight.key)
    }
    guard let link = active[flight.key], link.lane != flight.lane else { return }
    active[flight.key]?.needsRecheck = true
    if link.stage == .queued, users.withdraw(flight.key) { active[flight.key]?.stage = .lookingUp }
  }

  /// Asks the store once more, behind the journal's entry.
  private mutating func recheck(_ flight: CallInFlight) {
    guard let link = active[flight.key], link.lane != flight.lane, link.stage == .lookingUp, link.link != nil else {
      return
    }
    let ticket = nextNumber()
    tickets[ticket] = .recheck(flight.key, link.lane)
    effects.append(.store([.lookUp(ticket: ticket, key: flight.key)]))
  }

  /// The same for a link that came from the schedule: the store gave it without the answer.
  mutating func recheck(_ due: DueLink, _ lane: LaneID) {
    guard active[due.link.key] == nil else { return admitDue(due, lane) }
    active[due.link.key] = ActiveLink(lane: lane, stage: .lookingUp, link: due.link)
    let ticket = nextNumber()
    tickets[ticket] = .recheck(due.link.key, lane)
    effects.append(.store([.lookUp(ticket: ticket, key: due.link.key)]))
  }

  mutating func rechecked(_ key: LinkKey, _ lane: LaneID, _ journaled: JournalEntry?) {
    guard let waiting = active[key], waiting.lane == lane, waiting.stage == .lookingUp, let link = waiting.link else {
      return
    }
    active[key] = nil
    admit(link, lane, settles: waiting.settles, journaled: journaled)
    for incoming in waiting.waiting { meet(incoming) }
  }

  private mutating func succeed(_ link: Link, _ flight: CallInFlight, _ token: Secret, settles: Int64?) {
    var link = link
    link.state = .succeeded(at: now.wall)
    link.request = nil
    let expiresAt = flight.at + settings.tokenLife
    let outcome = writer.tokenReady(
      link: link, request: flight.request, token: token, issuedAt: flight.at, expiresAt: expiresAt, decidedAt: now.wall)
    journal(link, outcome, flight.lane, settles: settles, expiresAt: expiresAt)
  }

  mutating func fail(
    _ link: Link, _ request: LinkRequest, _ lane: LaneID, settles: Int64?, code: FailureCode, detail: String? = nil
  ) {
    var link = link
    link.state = .failed(at: now.wall, code: code)
    let outcome = writer.failed(
      link: link, request: request, error: EventError(failure: code, detail: detail), decidedAt: now.wall)
    journal(link, outcome, lane, settles: settles, expiresAt: now.wall + settings.tokenLife)
  }

  private mutating func retry(_ link: Link, _ flight: CallInFlight, settles: Int64?, retryAfter: RetryAfter?) {
    var link = link
    let next = settings.retry.next(
      for: link, retryAfter: retryAfter, now: now.wall, stateRetention: settings.stateRetention, random: &random)
    switch next {
    case .exhausted(let code): fail(link, flight.request, flight.lane, settles: settles, code: code)
    case .retry(let due, let wait):
      link.attempts[link.attempts.count - 1].wait = wait
      link.state = .scheduled(due: due)
      guard holds(flight.lane) else { return }
      schedule(link, flight.lane, settles: settles, as: .scheduled)
    }
  }

  /// Puts an outcome on the disk before it is published: a death after that costs no call. Also where the lane has gone meanwhile: it may
  /// come back to this disk.
  private mutating func journal(
    _ link: Link, _ outcome: OutgoingRecord, _ lane: LaneID, settles: Int64?, expiresAt: Timestamp
  ) {
    let ticket = nextNumber()
    let key = JournalKey(link: link.key, replay: link.replay)
    let entry = JournalEntry(
      key: key, fingerprint: link.fingerprint, partition: lane.partition, expiresAt: expiresAt,
      payload: JournalPayload(outcome: outcome, link: link).encoded())
    var proposal: Proposal?
    if holds(lane) {
      let waiting = active[link.key]?.waiting ?? []
      active[link.key] = ActiveLink(
        lane: lane, stage: .journaling, link: link, settles: settles, waiting: waiting)
      proposal = Proposal(
        id: nextNumber(), lane: lane, key: link.key, settles: settles, records: [outcome], state: [.link(link)],
        journal: key, askedAt: link.askedAt)
    }
    tickets[ticket] = .journal(link.key, proposal)
    effects.append(.store([.journal(ticket: ticket, entries: [entry])]))
  }

  mutating func journaled(_ ticket: UInt64) {
    guard case .journal(let key, let proposal?)? = tickets.removeValue(forKey: ticket), holds(proposal.lane) else {
      return
    }
    active[key]?.stage = .decided
    if let link = active[key]?.link { noteOutcome(link, proposal.lane, settles: proposal.settles) }
    propose(proposal)
  }

  private mutating func noteOutcome(_ link: Link, _ lane: LaneID, settles: Int64?) {
    switch link.state {
    case .succeeded: note(.succeeded, lane: lane, offset: settles, key: link.key)
    case .failed(_, let code): note(.failed, lane: lane, offset: settles, key: link.key, code: code.rawValue)
    case .scheduled: break
    }
  }

  /// Decides that a link waits in the state topic and the store, not in memory.
  mutating func schedule(_ link: Link, _ lane: LaneID, settles: Int64?, as kind: Note.Decided.Kind) {
    guard case .scheduled(let due) = link.state else { return }
    let waiting = active[link.key]?.waiting ?? []
    active[link.key] = ActiveLink(lane: lane, stage: .decided, link: link, settles: settles, waiting: waiting)
    propose(
      Proposal(id: nextNumber(), lane: lane, key: link.key, settles: settles, state: [.link(link)]))
    effects.append(
      .note(
        .decided(
          .init(kind: kind, partition: lane.partition, offset: settles, key: link.key, code: nil, due: due))))
  }

  /// The user's next one has its turn.
  mutating func endTurn(of key: LinkKey) {
    switch users.leave(key) {
    case .link(let next): makeReady(next, isFirst: false)
    case .parked: takeParked(of: key.userId)
    case .nothing: break
    }
  }

  func home(of userId: Int64) -> Int32 {
    HomePartition.of(userId: userId, partitionCount: settings.partitionCount)
  }
}

extension Attempt.Verdict {
  /// Whether the attempt counts towards `attempts` and `retry.attempts`: it was sent, and was not answered 401, 403 or 3xx.
  var counts: Bool {
    switch self {
    case .succeeded, .ambiguous, .transient, .rejected: true
    case .unsent, .credential, .forbidden: false
    }
  }
}

extension Link {
  /// Since when its present outcome is waited for.
  fileprivate var askedAt: Timestamp { replays.last?.at ?? origin.timestamp }
}
