/// A request comes in and meets its link: step 2 of the protocol.
extension Engine {
  mutating func receive(_ record: SourceRecord) {
    guard let lane = lanes[record.partition], lane.phase == .open,
      lanes[record.partition]?.offsets.receive(record.offset, bytes: record.size) == true
    else { return }
    limitWindow(record.partition)
    guard !isMarked(record, lane) else {
      note(.duplicate, lane: lane.id, offset: record.offset, key: nil)
      return settle(lane.id, record.offset)
    }
    switch reader.read(record) {
    case .empty:
      effects.append(.note(.recordSkipped(partition: record.partition, offset: record.offset)))
      settle(lane.id, record.offset)
    case .unknownType where settings.unknownType == .skip:
      effects.append(.note(.recordSkipped(partition: record.partition, offset: record.offset)))
      settle(lane.id, record.offset)
    case .unknownType(let fault): deadLetter(record, lane.id, fault, refusing: nil)
    case .malformed(let fault, let identity):
      deadLetter(record, lane.id, fault, refusing: identity.map { ($0, .invalidRequest) })
    case .link(let request): enter(Incoming(lane: lane.id, record: record, ask: .link(request)))
    case .replay(let request): enter(Incoming(lane: lane.id, record: record, ask: .replay(request)))
    }
  }

  /// Whether these very bytes were settled without a link before: then they are settled silently, whatever their link has become since. (A
  /// replay that was refused while its link waited would be accepted now that the link has failed.)
  private func isMarked(_ record: SourceRecord, _ lane: Lane) -> Bool {
    lane.marks[record.offset].map { $0 == record.digest(sha256: sha256) } ?? false
  }

  /// Sends a request home, or to the look-up of its link.
  private mutating func enter(_ incoming: Incoming) {
    let home = HomePartition.of(userId: incoming.key.userId, partitionCount: settings.partitionCount)
    guard home == incoming.lane.partition else { return move(incoming, to: home) }
    meet(incoming)
  }

  /// A move writes a mark too: moved again after a restart, a request that is refused at home would be refused twice.
  private mutating func move(_ incoming: Incoming, to home: Int32) {
    propose(
      Proposal(
        id: nextNumber(), lane: incoming.lane, settles: incoming.record.offset,
        records: [writer.moved(record: incoming.record, userId: incoming.key.userId, home: home)],
        state: [mark(of: incoming.record)]))
    note(.moved, lane: incoming.lane, offset: incoming.record.offset, key: incoming.key)
  }

  /// Judges a request by its link where that is in motion, and asks the store where it is not.
  mutating func meet(_ incoming: Incoming) {
    let key = incoming.key
    guard let stage = active[key]?.stage else {
      active[key] = ActiveLink(lane: incoming.lane, stage: .lookingUp)
      return lookUp(key, incoming)
    }
    let known = active[key]?.link
    // A replay that meets a link whose end is on the way waits for it: only a committed failure can be replayed.
    if case .link = incoming.ask, let known { return judge(incoming, by: known) }
    if case .replay = incoming.ask, let known, stage == .queued || stage == .calling {
      return judge(incoming, by: known)
    }
    // In place: thousands may wait, and a copy for each would hold everybody up.
    active[key]?.waiting.append(incoming)
  }

  private mutating func lookUp(_ key: LinkKey, _ first: Incoming) {
    let ticket = nextNumber()
    tickets[ticket] = .lookUp(key, first: first)
    effects.append(.store([.lookUp(ticket: ticket, key: key)]))
  }

  mutating func found(_ ticket: UInt64, _ known: Link?, _ journaled: JournalEntry?) {
    let asked = tickets.removeValue(forKey: ticket)
    if case .recheck(let key, let lane)? = asked { return rechecked(key, lane, journaled) }
    guard case .lookUp(let key, let first)? = asked, let link = active[key], link.stage == .lookingUp,
      link.lane == first.lane
    else { return }
    guard !link.needsRecheck else {
      active[key]?.needsRecheck = false
      return lookUp(key, first)
    }
    active[key] = nil
    if let known, let journaled { dropOrphan(journaled, of: known) }
    for incoming in [first] + link.waiting {
      // What the store said holds for all of them, until one sets the link in motion: a look-up for each would make each wait for all.
      guard active[key] == nil else {
        meet(incoming)
        continue
      }
      if let known { judge(incoming, by: known) } else { begin(incoming, journaled) }
    }
    if var due = link.due {
      // The store gave it earlier: an answer may have been journaled since.
      if due.journaled == nil { due.journaled = journaled }
      admitDue(due, link.lane)
    }
  }

  /// Another worker, or another call, ended the link meanwhile: what is journaled here will never be published, and its token must not stay.
  private mutating func dropOrphan(_ journaled: JournalEntry, of known: Link) {
    if case .scheduled = known.state { return }
    let batch = AppliedBatch(records: [:], checkpoints: [:], settled: [journaled.key])
    effects.append(.store([.apply(ticket: nextNumber(), batch)]))
  }

  /// A request whose link is not known: it makes the link.
  private mutating func begin(_ incoming: Incoming, _ journaled: JournalEntry?) {
    if incoming.record.timestamp + settings.stateRetention < now.wall {
      let days = settings.stateRetention / 86_400_000
      let fault = Malformation(.expired, "The record is older than the \(days) days for which links are remembered.")
      return deadLetter(
        incoming.record, incoming.lane, fault, refusing: (incoming.identity, .requestExpired))
    }
    switch incoming.ask {
    case .replay:
      refuse(incoming, .replayRefused, detail: "The link is not known: there is nothing to replay.")
    case .link(let request):
      let origin = Link.Origin(
        partition: incoming.record.partition, offset: incoming.record.offset, timestamp: incoming.record.timestamp)
      let link = Link(
        key: request.key, fingerprint: request.scope.fingerprint(userId: request.userId, sha256: sha256),
        state: .scheduled(due: now.wall), request: request, origin: origin)
      // A stopping worker begins nothing: the request stays unsettled for the next owner.
      guard !isStopping else { return }
      admit(link, incoming.lane, settles: incoming.record.offset, journaled: journaled)
    }
  }

  /// A request whose link is known: a duplicate, a conflict, or a replay.
  private mutating func judge(_ incoming: Incoming, by known: Link) {
    switch incoming.ask {
    case .link(let request):
      let fingerprint = request.scope.fingerprint(userId: request.userId, sha256: sha256)
      guard fingerprint == known.fingerprint else {
        return refuse(
          incoming, .idempotencyConflict, detail: "The idempotency key belongs to a request for another scope.")
      }
      note(.duplicate, lane: incoming.lane, offset: incoming.record.offset, key: known.key)
      settle(incoming.lane, incoming.record.offset)
    case .replay(let request): replay(incoming, request, of: known)
    }
  }

  /// A replay is accepted for a failed link only, once for each replay event, and not without end.
  private mutating func replay(_ incoming: Incoming, _ request: ReplayRequest, of known: Link) {
    guard !known.replays.contains(where: { $0.id == request.id }) else {
      note(.duplicate, lane: incoming.lane, offset: incoming.record.offset, key: known.key)
      return settle(incoming.lane, incoming.record.offset)
    }
    if let obstacle = known.obstacle(toReplayWithin: settings.replayLimit, isForced: request.force) {
      let sentence = obstacle.sentence(count: known.replays.count, limit: settings.replayLimit)
      return refuse(incoming, .replayRefused, detail: sentence)
    }
    // It is scheduled first, durably, and called from there: so the replay's acceptance is itself a committed fact.
    schedule(
      known.replayed(by: request, at: now.wall), incoming.lane, settles: incoming.record.offset, as: .replayed)
  }

  private mutating func refuse(_ incoming: Incoming, _ code: RefusalCode, detail: String) {
    let record = incoming.record
    let event = writer.refused(
      identity: incoming.identity, error: EventError(refusal: code, detail: detail),
      recordDigest: sha256(record.value ?? []), decidedAt: now.wall)
    propose(
      Proposal(
        id: nextNumber(), lane: incoming.lane, settles: record.offset, records: [event], state: [mark(of: record)]))
    note(.refused, lane: incoming.lane, offset: record.offset, key: incoming.key, code: code.rawValue)
  }

  private mutating func deadLetter(
    _ record: SourceRecord, _ lane: LaneID, _ fault: Malformation, refusing: (RequestIdentity, RefusalCode)?
  ) {
    var records: [OutgoingRecord] = []
    if let (identity, code) = refusing {
      let detail = fault.pointer.isEmpty ? fault.sentence : "\(fault.pointer): \(fault.sentence)"
      records.append(
        writer.refused(
          identity: identity, error: EventError(refusal: code, detail: detail),
          recordDigest: sha256(record.value ?? []), decidedAt: now.wall))
      note(.refused, lane: lane, offset: record.offset, key: nil, code: code.rawValue)
    }
    records.append(writer.deadLetter(record: record, fault: fault))
    propose(
      Proposal(id: nextNumber(), lane: lane, settles: record.offset, records: records, state: [mark(of: record)]))
    note(.deadLettered, lane: lane, offset: record.offset, key: nil, code: fault.reason.rawValue)
  }

  /// The mark of a record that is to be settled without a link.
  private func mark(of record: SourceRecord) -> StateRecord {
    .mark(Mark(partition: record.partition, offset: record.offset, digest: record.digest(sha256: sha256)))
  }

  /// Settles a record that leaves no trace.
  private mutating func settle(_ lane: LaneID, _ offset: Int64) {
    guard holds(lane) else { return }
    lanes[lane.partition]?.offsets.settle(offset)
    noteMovement(lane.partition)
  }

  /// A lane whose first unsettled record stays so must not fill the memory.
  mutating func limitWindow(_ partition: Int32) {
    guard let lane = lanes[partition], !lane.isPaused, isOverfull(lane) else {
      return
    }
    lanes[partition]?.isPaused = true
    effects.append(.pause(partition: partition))
  }

  /// Whether a lane holds more than is good for the others.
  func isOverfull(_ lane: Lane) -> Bool {
    lane.offsets.heldCount >= settings.laneWindowLimit || lane.restingCount >= settings.laneRestLimit
  }
}
