/// Which link is called for, and when: step 3 of the protocol.
extension Engine {
  /// A link has its user's turn: from here on it waits for a slot. One that follows an earlier one of its user is in no greater hurry than
  /// other users' links.
  mutating func makeReady(_ key: LinkKey, isFirst: Bool) {
    guard let link = active[key]?.link else { return }
    ready.append(
      key, deadline: deadline(of: link),
      isUrgent: isFirst && link.request?.deadline != nil, isDue: active[key]?.settles == nil)
  }

  /// Fills free slots with the links whose turn it is.
  mutating func dispatch() {
    // While Kafka takes no decisions, no more answers are asked for: they would only pile up in memory.
    while !isStopping, !ready.isEmpty, commits.pendingCount < settings.windowLimit {
      guard gate.admits(uptime: now.uptime), breaker.admits(uptime: now.uptime) else {
        // A probe's answer is not far: it says whether they may go.
        return gate.isProbing || breaker.state == .halfOpen ? () : postponeReady()
      }
      guard calls.count < settings.concurrency, concurrencyLimit.admits(uptime: now.uptime),
        pace.admits(uptime: now.uptime),
        let key = breaker.state == .open || !gate.isOpen ? takeProbe() : ready.takeNext()
      else { return }
      guard let link = active[key], link.stage == .queued, let body = link.link else { continue }
      guard slots.admits(body, slots: concurrencyLimit.limit) else {
        putOff([key], by: 0, spread: Self.shareRest)
        continue
      }
      call(key, body, link.lane)
    }
  }

  /// The link to find out with whether the adapter is up, or takes the credential: one of which nothing bad is known, where there is one. Else those
  /// whose calls always fail could keep the breaker open, or the gate closed, one after the other.
  private mutating func takeProbe() -> LinkKey? {
    if let key = untried() {
      ready.withdraw(key)
      return key
    }
    // One that was put off for the probe may come a little later than what is due in any case.
    guard let probeAt, now.uptime >= probeAt + Self.probeLead else { return nil }
    return ready.takeNext()
  }

  /// A link that is ready, was never called for, and of whose user nothing bad is known.
  private func untried() -> LinkKey? {
    for key in ready.keys where !breaker.suspects(key.userId) && active[key]?.link?.attemptsOfReplay.isEmpty == true {
      return key
    }
    return nil
  }

  private mutating func call(_ key: LinkKey, _ link: Link, _ lane: LaneID) {
    guard let request = link.request else { return }
    if isOverdue(link) {
      let settles = active[key]?.settles
      endTurn(of: key)
      return fail(link, request, lane, settles: settles, code: .deadlineExceeded)
    }
    let id = nextNumber()
    active[key]?.stage = .calling
    calls[id] = CallInFlight(
      key: key, lane: lane, link: link, request: request, at: now.wall, since: now.uptime)
    gate.noteCall(id, uptime: now.uptime)
    breaker.noteCall(id, uptime: now.uptime)
    if breaker.state == .halfOpen { effects.append(.note(.breakerHalfOpened)) }
    concurrencyLimit.noteCall(id, uptime: now.uptime)
    pace.noteCall(uptime: now.uptime)
    slots.noteCall(id, for: link)
    effects.append(.call(AdapterCall(id: id, body: request.adapterBody(), trace: request.trace)))
  }

  /// When a slot comes free by the passing of time alone, or a deadline passes, where links wait for either; nil where only an event can help.
  func nextDispatch(now: Now) -> Milliseconds? {
    guard !isStopping, let expiry = ready.nextExpiry else { return nil }
    let untilExpiry = max(expiry - now.wall, 0)
    guard calls.count < settings.concurrency, commits.pendingCount < settings.windowLimit,
      gate.admits(uptime: now.uptime), breaker.admits(uptime: now.uptime)
    else { return untilExpiry }
    if let probeAt { return min(untilExpiry, max(probeAt + Self.probeLead - now.uptime, 1)) }
    let untilSlot = concurrencyLimit.nextRelease.map { $0 - now.uptime } ?? pace.wait
    return min(untilExpiry, max(untilSlot, 1))
  }

  /// The longest that a link is put off beyond the next probe, so that they do not all come at once.
  static let putOffLimit: Milliseconds = 60_000

  /// By so much those of whom nothing bad is known come before others to a probe.
  static let probeLead: Milliseconds = 500

  /// While the credential is refused or the adapter down nobody holds an offset or memory: who waits is scheduled for after the next probe,
  /// what is scheduled already in the store alone, for an outage must not write to Kafka as long as it lasts.
  private mutating func postponeReady() {
    // But for one of whom nothing bad is known: he stays, and holds his offset, until he is the breaker's next probe. Put off, he would come back
    // among thousands whose calls always fail, and who keep the breaker open one after the other.
    let probe = gate.isOpen ? untried() : nil
    if let probe { ready.withdraw(probe) }
    putOff(ready.takeAll(), by: max((probeAt ?? now.uptime) - now.uptime, 0))
    if let probe { makeReady(probe, isFirst: true) }
  }

  /// When the next probe may be sent; nil while calls are made or a probe is under way.
  private var probeAt: Milliseconds? { [gate.probeAt, breaker.probeAt].compactMap(\.self).max() }

  /// How soon a link comes back for which its user's share of the slots had no room.
  static let shareRest: Milliseconds = 1000

  /// Has links that were ready wait for so long, and somewhat longer, without memory, but never beyond their deadlines.
  ///
  /// - Parameter rest: How much longer at the most; by what is known of each unless given.
  private mutating func putOff(_ keys: [LinkKey], by wait: Milliseconds, spread rest: Milliseconds? = nil) {
    var putOff: [LaneID: [(key: LinkKey, until: Timestamp)]] = [:]
    for key in keys {
      guard let link = active[key], var body = link.link else { continue }
      // Who waits for longer is put off for longer, or a million that wait would all be asked at each probe. Of whom nothing bad is known comes
      // first: the probe is to be his.
      let age = now.wall - (body.replays.last?.at ?? body.origin.timestamp)
      let isSuspect = breaker.suspects(key.userId) || !body.attemptsOfReplay.isEmpty
      let spread =
        rest ?? min(max(age / 4, isSuspect ? CredentialGate.restJitter : Self.probeLead), Self.putOffLimit)
      let until = min(
        now.wall + wait + (isSuspect ? Self.probeLead : 0) + Milliseconds.random(in: 0...spread, using: &random),
        deadline(of: body))
      // What is parked behind it waits for it: taken now, all of it would only be put off, one after the other.
      if case .link(let next) = users.leave(key) { makeReady(next, isFirst: false) }
      guard link.settles == nil else {
        body.state = .scheduled(due: until)
        schedule(body, link.lane, settles: link.settles, as: .scheduled)
        continue
      }
      active[key] = nil
      putOff[link.lane, default: []].append((key, until))
      for incoming in link.waiting { meet(incoming) }
    }
    for (lane, links) in putOff.sorted(by: { $0.key.partition < $1.key.partition }) {
      effects.append(.store([.putOff(partition: lane.partition, links)]))
      if let first = links.map(\.until).min() { noteWake(lane.partition, first) }
    }
  }
}
