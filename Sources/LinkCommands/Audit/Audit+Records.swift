import LinkCore

/// Takes the records.
extension Audit {
  /// A record of the state topic: the last one of a key counts.
  mutating func take(state record: SourceRecord) {
    do throws(StateRecordFault) {
      switch try StateRecord.decode(key: record.key ?? [], value: record.value) {
      case .link(let link): take(link, in: record)
      case .tombstone(.link(let key)):
        guard let position = knownPosition(of: key) else { return }
        links[position].state = .none
        links[position].stateReplay = -1
      case .tombstone(.mark), .tombstone(.identity), .mark, .identity: return
      }
    } catch {
      find(.stateUnreadable, .state, record.partition, record.offset)
    }
  }

  private mutating func take(_ link: Link, in record: SourceRecord) {
    statePartitions.insert(record.partition)
    for replay in link.replays { acceptedReplays.insert(name(ofReplay: replay.id, of: link.key)) }
    let position = position(of: link.key)
    var entry = links[position]
    entry.home = record.partition
    entry.stateOffset = record.offset
    entry.originOffset = link.origin.partition == record.partition ? link.origin.offset : -1
    entry.stateFingerprint = half(link.fingerprint)
    entry.stateReplay = Int32(clamping: link.replay)
    switch link.state {
    case .scheduled(let due): (entry.state, entry.stateTime) = (.scheduled, due)
    case .succeeded(let at): (entry.state, entry.stateTime) = (.succeeded, at)
    case .failed(let at, _): (entry.state, entry.stateTime) = (.failed, at)
    }
    links[position] = entry
  }

  /// A record of the outcomes topic.
  mutating func take(outcome record: SourceRecord) {
    if firstOutcomes[record.partition] == nil { firstOutcomes[record.partition] = record.timestamp }
    guard let outcome = SeenOutcome(record), let source = outcome.source else {
      return find(.outcomeUnreadable, .outcomes, record.partition, record.offset)
    }
    guard source == EventWriter.source(ofGroup: rules.groupID) else { return totals.foreign += 1 }
    switch outcome.kind {
    case .refused(let code, _): takeRefusal(outcome, code: code, in: record)
    case .tokenReady: takeEnd(outcome, isToken: true, in: record)
    case .failed: takeEnd(outcome, isToken: false, in: record)
    }
  }

  private mutating func takeRefusal(_ outcome: SeenOutcome, code: String, in record: SourceRecord) {
    guard let id = outcome.id.flatMap({ Digest(hex: $0.string) }), let reason = RefusalCode(rawValue: code) else {
      return find(.outcomeUnreadable, .outcomes, record.partition, record.offset)
    }
    totals.refusals += 1
    refusals[half(id), default: AuditedRefusals()].count += 1
    refusals[half(id)]?.reasons |= reason.bit
    refusals[half(id)]?.place = AuditPlace(partition: record.partition, offset: record.offset)
  }

  private mutating func takeEnd(_ outcome: SeenOutcome, isToken: Bool, in record: SourceRecord) {
    guard let key = outcome.key, let scope = outcome.scope, let time = outcome.time, let id = outcome.requestID,
      let source = outcome.requestSource, let replay = Int32(exactly: outcome.replay), replay >= 0
    else { return find(.outcomeUnreadable, .outcomes, record.partition, record.offset) }
    if isToken { totals.tokens += 1 } else { totals.failures += 1 }
    let position = position(of: key)
    if hasOutcome(position, replay: replay) {
      guard rules.isRenewable(endedAt: links[position].outcomeTime, by: time) else {
        return find(.secondOutcome, .outcomes, record.partition, record.offset)
      }
      renew(position)
    }
    let fingerprint = half(scope.fingerprint(userId: key.userId, sha256: rules.sha256))
    if links[position].hasOutcome, links[position].outcomeFingerprint != fingerprint {
      find(.scopeChanged, .outcomes, record.partition, record.offset)
    }
    noteOutcome(position, replay: replay)
    var entry = links[position]
    if replay >= entry.outcomeReplay {
      entry.outcomeReplay = replay
      if isToken { entry.flags.insert(.isToken) } else { entry.flags.remove(.isToken) }
    }
    if record.offset < bounds.stableOutcomes[record.partition] ?? 0 {
      entry.settledReplay = max(entry.settledReplay, replay)
    }
    entry.flags.insert(.hasOutcome)
    entry.outcomeFingerprint = fingerprint
    entry.outcomeName = name(source, id, scope: fingerprint)
    entry.outcomeTime = time
    (entry.outcomePartition, entry.outcomeOffset) = (record.partition, record.offset)
    links[position] = entry
  }

  /// A link that was forgotten after `state.retention.ms` begins anew: its earlier outcomes are none of the new one's.
  private mutating func renew(_ position: Int) {
    links[position].flags = .isRenewed
    links[position].replaysSeen = 0
    (links[position].outcomeReplay, links[position].settledReplay) = (-1, -1)
  }

  /// A record of the dead-letter topic.
  mutating func take(deadLetter record: SourceRecord) {
    if firstLetters[record.partition] == nil { firstLetters[record.partition] = record.timestamp }
    guard let provenance = record.deadLetterProvenance, provenance.place.topic == rules.requestsTopic,
      provenance.groupID == rules.groupID
    else { return totals.foreign += 1 }
    totals.deadLetters += 1
    let place = AuditPlace(partition: provenance.place.partition, offset: provenance.place.offset)
    guard letters[place] == nil else {
      letters[place]?.count += 1
      return
    }
    letters[place] = AuditedLetters(
      isExpired: provenance.reason == .expired,
      place: AuditPlace(partition: record.partition, offset: record.offset))
  }

  /// A record of the requests topic.
  mutating func take(request record: SourceRecord) {
    totals.requests += 1
    let place = AuditPlace(partition: record.partition, offset: record.offset)
    var request = AuditedRequest(place: place, timestamp: record.timestamp, kind: .illegible)
    switch RequestReader(eventMaxBytes: rules.eventByteLimit).read(record) {
    case .empty: return totals.skipped += 1
    case .unknownType: request.kind = rules.unknownType == .skip ? .skipped : .illegible
    case .malformed(_, let identity):
      if let identity { (request.kind, request.refusal) = (.legible, refusal(identity, record)) }
    case .link(let link):
      request.refusal = refusal(link.identity, record)
      guard !isAstray(link.userId, &request) else { break }
      request.kind = .link
      request.fingerprint = half(link.fingerprint(sha256: rules.sha256))
      request.name = name(link.source, link.id, scope: request.fingerprint)
      request.link = UInt32(position(of: link.key))
    case .replay(let replay):
      request.refusal = refusal(replay.identity, record)
      guard !isAstray(replay.key.userId, &request) else { break }
      request.kind = .replay
      request.fingerprint = name(ofReplay: replay.id, of: replay.key)
      request.link = UInt32(position(of: replay.key))
    }
    requests.append(request)
    noteMove(record, request)
  }

  private func isAstray(_ userID: Int64, _ request: inout AuditedRequest) -> Bool {
    let home = HomePartition.of(userId: userID, partitionCount: rules.partitionCount)
    guard home != request.place.partition else { return false }
    (request.kind, request.link) = (.astray, UInt32(home))
    return true
  }

  private func refusal(_ identity: RequestIdentity, _ record: SourceRecord) -> UInt64 {
    half(
      EventWriter.refusalID(of: identity, recordDigest: rules.sha256(record.value ?? []), sha256: rules.sha256))
  }

  private mutating func noteMove(_ record: SourceRecord, _ request: AuditedRequest) {
    guard let source = record.movedFrom, source.topic == rules.requestsTopic else { return }
    let from = AuditPlace(partition: source.partition, offset: source.offset)
    let count = moves[from]?.count ?? 0
    moves[from] = AuditedMoves(count: count + 1, place: request.place, refusal: request.refusal)
  }
}

extension RefusalCode {
  /// Its bit in a set of codes.
  var bit: UInt8 {
    switch self {
    case .invalidRequest: 1
    case .idempotencyConflict: 2
    case .requestExpired: 4
    case .replayRefused: 8
    }
  }
}
