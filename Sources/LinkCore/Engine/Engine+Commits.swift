/// Decisions become one Kafka transaction, and then part of the view: steps 5 to 7 of the protocol.
extension Engine {
  mutating func propose(_ proposal: Proposal) {
    guard holds(proposal.lane) else { return }
    commits.add(proposal, uptime: now.uptime)
  }

  /// Begins a transaction with what waits, if it is time.
  mutating func buildBatch() {
    guard
      commits.isDue(
        uptime: now.uptime, linger: settings.commitLinger, limit: settings.commitBatch, isStopping: isStopping)
    else { return }
    let proposals = commits.take(limit: settings.commitBatch, uptime: now.uptime)
    var included: Set<Int32> = Set(proposals.map(\.lane.partition))
    for (partition, lane) in lanes where lane.hasMoved { included.insert(partition) }
    for proposal in proposals {
      if let offset = proposal.settles { lanes[proposal.lane.partition]?.offsets.batch(offset) }
    }
    let decisions = proposals.map {
      BatchedDecision(id: $0.id, partition: $0.lane.partition, records: $0.records, state: $0.state)
    }
    var foundings: [BatchedDecision] = []
    var sweeps: [BatchedDecision] = []
    var offsets: [Int32: Int64] = [:]
    var identities: [Int32: Identity] = [:]
    var held: Set<LaneID> = []
    for partition in included.sorted() {
      guard let lane = lanes[partition] else { continue }
      lanes[partition]?.hasMoved = false
      offsets[partition] = lane.offsets.position
      identities[partition] = lane.identity
      held.insert(lane.id)
      if let founding = founding(of: lane) { foundings.append(founding) }
      if let sweep = tombstones(of: lane) { sweeps.append(sweep) }
    }
    guard !offsets.isEmpty else { return }
    let batch = Batch(
      id: nextNumber(), decisions: foundings + decisions + sweeps, offsets: offsets, identities: identities)
    commits.begin(.init(batch: batch, proposals: proposals, lanes: held, since: now.uptime))
    effects.append(.commit(batch))
  }

  /// The identity of a lane whose state has none: before any other state record of the lane, and in no transaction later than its first offset, which
  /// would be one of lost state without it.
  private mutating func founding(of lane: Lane) -> BatchedDecision? {
    guard !lane.isFounded, let identity = lane.identity else { return nil }
    let partition = lane.id.partition
    return BatchedDecision(
      id: nextNumber(), partition: partition, records: [], state: [.identity(partition: partition, identity)])
  }

  /// The end of the marks that no redelivery can meet any more.
  private mutating func tombstones(of lane: Lane) -> BatchedDecision? {
    let spent = lane.spentMarks
    guard !spent.isEmpty else { return nil }
    return BatchedDecision(
      id: nextNumber(), partition: lane.id.partition, records: [],
      state: spent.map { .tombstone(.mark(partition: lane.id.partition, offset: $0)) })
  }

  mutating func ended(_ batch: UInt64, _ result: CommitResult) {
    // Nobody can say how it ended: the batch stays under way until the state topic's tail has told.
    if case .unknown(let reason) = result {
      guard let pending = commits.inFlight, pending.batch.id == batch else { return }
      noteFailure(.unknown, pending, reason)
      return effects.append(.reconcile(pending.batch))
    }
    guard let transaction = commits.end(batch) else { return }
    switch result {
    case .committed(let stateEnds): committed(transaction, stateEnds)
    case .aborted(let reason): aborted(transaction, .aborted, reason)
    case .fencedByGroup(let reason):
      aborted(transaction, .fenced, reason)
      commits.isHeld = true
    case .refused(let decisions): refused(transaction, decisions)
    case .fatal(let reason, let exitCode):
      aborted(transaction, .fatal, reason)
      effects.append(.fail(reason: reason, exitCode: exitCode))
    case .unknown: break
    }
  }

  private mutating func committed(_ transaction: CommitQueue.InFlight, _ stateEnds: [Int32: Int64]) {
    commits.noteCommit(uptime: now.uptime, rest: settings.commitRest)
    for lane in transaction.lanes.sorted(by: { $0.partition < $1.partition }) where holds(lane) {
      guard let position = transaction.batch.offsets[lane.partition] else { continue }
      lanes[lane.partition]?.offsets.commit(at: position)
      resumeWindow(lane.partition)
    }
    var records: [Int32: [StateRecord]] = [:]
    for decision in transaction.batch.decisions where !decision.state.isEmpty {
      let isHeld = transaction.lanes.contains { $0.partition == decision.partition && holds($0) }
      guard isHeld else { continue }
      records[decision.partition, default: []] += decision.state
      for record in decision.state { note(record, decision.partition) }
    }
    for lane in transaction.lanes where holds(lane) {
      // Marks that this commit has passed are swept by the next one.
      if lanes[lane.partition]?.spentMarks.isEmpty == false {
        lanes[lane.partition]?.hasMoved = true
        commits.noteMovement(now.uptime)
      }
    }
    apply(transaction, records, stateEnds.filter { records[$0.key] != nil })
    effects.append(
      .note(
        .committed(
          decisions: transaction.proposals.count, took: now.uptime - transaction.since,
          links: transaction.proposals.compactMap { proposal in proposal.askedAt.map { max(now.wall - $0, 0) } })))
  }

  private mutating func note(_ record: StateRecord, _ partition: Int32) {
    switch record {
    case .identity: lanes[partition]?.isFounded = true
    case .mark(let mark): lanes[partition]?.marks[mark.offset] = mark.digest
    case .tombstone(.mark(_, let offset)): lanes[partition]?.marks[offset] = nil
    case .link, .tombstone: break
    }
  }

  /// Only what Kafka has committed enters the view.
  private mutating func apply(
    _ transaction: CommitQueue.InFlight, _ records: [Int32: [StateRecord]], _ stateEnds: [Int32: Int64]
  ) {
    let settled = transaction.proposals.filter { holds($0.lane) }.compactMap(\.journal)
    guard !records.isEmpty || !settled.isEmpty else { return }
    var wakes: [Int32: Timestamp] = [:]
    for (partition, states) in records {
      for case .link(let link) in states {
        if case .scheduled(let due) = link.state { wakes[partition] = min(wakes[partition] ?? due, due) }
      }
    }
    let ticket = nextNumber()
    let keys = transaction.proposals.compactMap { proposal in proposal.key.map { ($0, proposal.lane) } }
    tickets[ticket] = .apply(keys: keys, wakes: wakes)
    effects.append(
      .store([
        .apply(ticket: ticket, AppliedBatch(records: records, checkpoints: stateEnds, settled: settled))
      ]))
  }

  /// The view holds the batch: its links are at rest, and what waited for them is looked at again.
  mutating func applied(_ ticket: UInt64) {
    guard case .apply(let keys, let wakes)? = tickets.removeValue(forKey: ticket) else { return }
    for (partition, wake) in wakes { noteWake(partition, wake) }
    for (key, lane) in keys {
      guard let link = active[key], link.lane == lane, link.stage == .decided else { continue }
      active[key] = nil
      for incoming in link.waiting { meet(incoming) }
    }
  }

  mutating func noteWake(_ partition: Int32, _ wake: Timestamp) {
    guard let lane = lanes[partition] else { return }
    lanes[partition]?.nextWake = min(lane.nextWake ?? wake, wake)
    if lane.isScanning { lanes[partition]?.scheduledSinceScan = min(lane.scheduledSinceScan ?? wake, wake) }
  }

  private mutating func aborted(
    _ transaction: CommitQueue.InFlight, _ fault: Note.TransactionFault, _ reason: String
  ) {
    restore(transaction, afterFailure: true) { $0 }
    noteFailure(fault, transaction, reason)
  }

  private mutating func noteFailure(
    _ fault: Note.TransactionFault, _ transaction: CommitQueue.InFlight, _ reason: String
  ) {
    effects.append(
      .note(.commitFailed(fault, reason: reason, inARow: commits.failures, took: now.uptime - transaction.since)))
  }

  /// The broker refused some records for themselves: they rest and are tried alone, the others go on.
  private mutating func refused(_ transaction: CommitQueue.InFlight, _ decisions: [UInt64: String]) {
    let until = now.uptime + settings.refusedRest
    // A sweep of marks that is refused belongs to no proposal: then some time must pass all the same.
    let isNamed = transaction.proposals.contains { decisions[$0.id] != nil }
    restore(transaction, afterFailure: !isNamed) { proposal in
      var proposal = proposal
      if decisions[proposal.id] != nil { proposal.restsUntil = until }
      return proposal
    }
    for proposal in transaction.proposals where decisions[proposal.id] != nil && holds(proposal.lane) {
      let partition = proposal.lane.partition
      if let offset = proposal.settles { lanes[partition]?.offsets.rest(offset) }
      lanes[partition]?.restingCount = commits.restingCount(of: proposal.lane)
      limitWindow(partition)
    }
    noteFailure(.refused, transaction, "Kafka refuses records of \(decisions.count) decisions")
    for proposal in transaction.proposals {
      guard let reason = decisions[proposal.id] else { continue }
      effects.append(
        .note(.decisionRefused(partition: proposal.lane.partition, offset: proposal.settles, reason: reason)))
    }
  }

  /// Undoes the building of a batch, but for lanes that have gone.
  private mutating func restore(
    _ transaction: CommitQueue.InFlight, afterFailure: Bool, _ change: (Proposal) -> Proposal
  ) {
    for lane in transaction.lanes where holds(lane) {
      lanes[lane.partition]?.offsets.abort()
      lanes[lane.partition]?.hasMoved = true
    }
    let kept = transaction.proposals.filter { holds($0.lane) }.map(change)
    commits.putBack(kept, uptime: now.uptime, afterFailure: afterFailure)
  }

  private mutating func resumeWindow(_ partition: Int32) {
    guard let id = lanes[partition]?.id else { return }
    lanes[partition]?.restingCount = commits.restingCount(of: id)
    guard let lane = lanes[partition], lane.isPaused, lane.offsets.heldCount < settings.laneWindowLimit / 2,
      lane.restingCount < settings.laneRestLimit / 2
    else {
      return
    }
    lanes[partition]?.isPaused = false
    effects.append(.resume(partition: partition))
  }
}
