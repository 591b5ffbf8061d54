import LinkCore

/// What a mutant changes at the engine's boundary, in one process; without a mutant, nothing.
final class Mutation {
  private let world: World
  private let mutant: Mutant?
  /// The requests for which the store is asked, by ticket.
  private var asked: [UInt64: Asked] = [:]
  /// Ids of the replay events for which the store is asked, by ticket.
  private var askedReplays: [UInt64: Text] = [:]
  /// The call under way, and those that wait for its end.
  private var line: [AdapterCall] = []

  /// What a journaled answer is held against.
  fileprivate struct Asked {
    var fingerprint: Digest
    var origin: Link.Origin
  }

  init(world: World) {
    self.world = world
    mutant = world.mutant
  }

  // MARK: - Between the loop and the engine

  var revokeWaits: Bool { mutant != .survivesRevoke && mutant != .generationAtSend }

  /// The events that the engine gets for one that happened.
  func altered(_ event: Event, _ process: Process) -> [Event] {
    guard let mutant else { return [event] }
    switch event {
    case .stored(let answers):
      return [.stored(answers.map { altered($0, mutant) })]
    case .opened(let opening) where mutant == .markMatchesAll: return [.opened(matching(opening))]
    case .ended(let batch, .aborted(let reason)) where mutant == .answersDropped:
      return dropAnswers(batch, reason, process)
    case .received(let record) where mutant == .deadlineIgnored: return [.received(withoutDeadline(record))]
    case .answered(let call, let answer):
      advance(behind: call, process)
      return altered(call, answer, mutant)
    case .assigned, .opened, .blocked, .lost, .revoking, .revoked, .received, .reachedEnd, .ended,
      .credentialChanged, .tick, .stop:
      break
    }
    return [event]
  }

  private func altered(_ call: UInt64, _ answer: AdapterAnswer, _ mutant: Mutant) -> [Event] {
    switch answer {
    case .response(401, _, _) where mutant == .credentialCountedAsFailure:
      return [.answered(call: call, .response(status: 400, body: Secret([]), retryAfter: nil))]
    case .unsent where mutant == .breakerNeverOpens, .response(503, _, _) where mutant == .breakerNeverOpens:
      // The one answer that is a sign of life and tells nothing else: a 403 to an earlier credential.
      return [
        .credentialChanged, .answered(call: call, .response(status: 403, body: Secret([]), retryAfter: nil)),
      ]
    case .lost(let reason) where mutant == .hangForgotten:
      return [.answered(call: call, .unsent(reason: reason))]
    case .unsent, .lost, .response: return [.answered(call: call, answer)]
    }
  }

  /// What the engine made of an event.
  func note(_ event: Event, _ effects: [Effect]) {
    guard mutant == .journalUnchecked || mutant == .fingerprintIgnored || mutant == .replayAcceptedTwice,
      case .received(let record) = event
    else { return }
    let reading = RequestReader().read(record)
    for case .store(let work) in effects {
      for case .lookUp(let ticket, let key) in work {
        switch reading {
        case .link(let request) where request.key == key:
          asked[ticket] = Asked(
            fingerprint: request.fingerprint(sha256: world.sha256),
            origin: .init(partition: record.partition, offset: record.offset, timestamp: record.timestamp))
        case .replay(let request) where request.key == key: askedReplays[ticket] = request.id
        case .link, .replay, .malformed, .unknownType, .empty: break
        }
      }
    }
  }

  /// The request as it would be without a deadline of its own.
  private func withoutDeadline(_ record: SourceRecord) -> SourceRecord {
    var record = record
    guard let value = record.value, let start = value.firstRange(of: Array(#","deadline":""#.utf8)),
      let end = value[start.upperBound...].firstIndex(of: UInt8(ascii: "\""))
    else { return record }
    record.value = Array(value[..<start.lowerBound] + value[(end + 1)...])
    return record
  }

  private func altered(_ answer: StoreAnswer, _ mutant: Mutant) -> StoreAnswer {
    switch answer {
    case .found(let ticket, var link, var journaled):
      if mutant == .journalNotRead { journaled = nil }
      let request = asked.removeValue(forKey: ticket)
      if mutant == .journalUnchecked, let asked = link.map(Asked.init) ?? request { journaled?.pass(for: asked) }
      if mutant == .fingerprintIgnored, let request { link?.fingerprint = request.fingerprint }
      if mutant == .replayAcceptedTwice, let id = askedReplays.removeValue(forKey: ticket) {
        link?.replays.removeAll { $0.id == id }
      }
      return .found(ticket: ticket, link: link, journaled: journaled)
    case .due(let ticket, let links, let next):
      let links = links.map { due in
        var due = due
        if mutant == .journalNotRead { due.journaled = nil }
        if mutant == .journalUnchecked { due.journaled?.pass(for: Asked(due.link)) }
        return due
      }
      return .due(ticket: ticket, links: links, next: next)
    case .journaled, .applied, .expired: return answer
    }
  }

  /// The marks as if they had been made of whatever stands at their offsets.
  private func matching(_ opening: LaneOpening) -> LaneOpening {
    var opening = opening
    let log = world.broker.requests[Int(opening.lane.partition)]
    opening.marks = opening.marks.map { mark in
      var mark = mark
      if case .request(let record)? = log.entry(at: mark.offset)?.body {
        mark.digest = record.digest(sha256: world.sha256)
      }
      return mark
    }
    return opening
  }

  /// The worker begins anew with its lanes, and without the answers of the batch that failed.
  private func dropAnswers(_ batch: UInt64, _ reason: String, _ process: Process) -> [Event] {
    let partitions = process.consumer.partitions
    for decision in process.publisher.lastDecisions {
      for case .link(let link) in decision.state {
        process.disk.view.drop(JournalKey(link: link.key, replay: link.replay))
      }
    }
    process.consumer.assign(process.consumer.generation, partitions)
    return [.ended(batch: batch, .aborted(reason: reason)), .revoked(partitions), .assigned(partitions)]
  }

  /// Lanes are about to be forgotten.
  func revoked(_ process: Process, _ partitions: [Int32]) {
    guard mutant == .callsForgotten else { return }
    for call in world.adapter.calls(of: process) {
      process.perform(.answered(call: call, .unsent(reason: "forgotten")))
    }
  }

  /// Whether a call is made at once. While there are faults they are: what waits then breaks other promises first.
  func lets(_ call: AdapterCall) -> Bool {
    guard mutant == .oneQueueForAll, world.isCalm else { return true }
    line.append(call)
    return line.count == 1
  }

  /// A call has ended: the next one is made.
  private func advance(behind call: UInt64, _ process: Process) {
    guard line.first?.id == call else { return }
    line.removeFirst()
    if let next = line.first { process.later(0) { process.make(next) } }
  }

  /// A call has been made.
  func called(_ call: AdapterCall, _ process: Process) {
    guard mutant == .lanesDropped, world.random.chance(100) else { return }
    process.later(world.milliseconds(1...500)) { process.perform(.answered(call: call.id, .unsent(reason: "dropped"))) }
  }

  /// A batch is on its way to the transaction thread.
  func building(_ batch: Batch, _ process: Process) {
    guard mutant == .appliedBeforeCommit else { return }
    var records: [Int32: [StateRecord]] = [:]
    for decision in batch.decisions { records[decision.partition, default: []] += decision.state }
    process.disk.view.apply(AppliedBatch(records: records, checkpoints: [:], settled: []))
  }

  /// Whether what the disk knows counts although no restore has confirmed it.
  var trustsOwnDisk: Bool { mutant == .localStoreOnly || mutant == .restoreNotAwaited }

  // MARK: - In the transaction

  var guess: Bool? {
    if mutant == .unknownIsCommitted { return true }
    return mutant == .unknownIsAborted ? false : nil
  }

  var drops: Bool { mutant != .droppedUsedAgain && mutant != .tailWithoutNewProducer }
  var keepsAfterAbort: Bool { mutant == .keptAfterAbort }
  var trustsUncleanCommits: Bool { mutant == .keptAfterResentCommit }
  var sendsOffsetsFirst: Bool { mutant == .onlyMovedOffsetsFirst }

  /// The batch as it is produced.
  func altered(_ batch: Batch, _ process: Process) -> Batch {
    guard let mutant else { return batch }
    var batch = batch
    for index in batch.decisions.indices { alter(&batch.decisions[index], mutant) }
    return batch
  }

  private func alter(_ decision: inout BatchedDecision, _ mutant: Mutant) {
    let isLetter = decision.records.contains { $0.topic == .deadLetters }
    switch mutant {
    case .localStoreOnly: decision.state = []
    case .noConflictMark where !isLetter && !decision.records.contains { $0.topic == .requests }:
      decision.state.removeAll(where: \.isMark)
    case .noDeadLetterMark where isLetter: decision.state.removeAll(where: \.isMark)
    case .movedOutside:
      for record in decision.records where record.topic == .requests {
        world.broker.writePlainly(Publisher.body(of: record), Publisher.place(of: record))
      }
      decision.records.removeAll { $0.topic == .requests }
    case .movedAstray:
      for index in decision.records.indices where decision.records[index].topic == .requests {
        decision.records[index].partition = ((decision.records[index].partition ?? 0) + 1) % world.plan.partitions
      }
    case .purgeOutside:
      let place = Broker.Place(topic: .state, partition: decision.partition)
      for record in decision.state where record.isLinkTombstone { world.broker.writePlainly(.state(record), place) }
      decision.state.removeAll(where: \.isLinkTombstone)
    case .noConflictMark, .noDeadLetterMark, .appliedBeforeCommit, .offsetsPastUnsettled, .offsetsOutside,
      .noFenceUnmoved, .onlyMovedOffsetsFirst, .invalidOffsetFence, .markMatchesAll, .unknownIsCommitted,
      .unknownIsAborted, .tailWithoutNewProducer, .keptAfterResentCommit, .keptAfterAbort,
      .droppedUsedAgain,
      .survivesRevoke, .generationAtSend, .callsForgotten, .answersDropped, .stableStateEnd, .restoreNotAwaited,
      .journalNotRead, .journalUnchecked, .lanesDropped, .fingerprintIgnored, .deadlineIgnored, .replayAcceptedTwice,
      .credentialCountedAsFailure, .breakerNeverOpens, .oneQueueForAll, .hangForgotten:
      break
    }
  }

  /// The offsets to send, or nil where none are sent.
  func offsets(_ batch: Batch, _ process: Process) -> [Int32: Int64]? {
    guard let mutant else { return batch.offsets }
    let moved = batch.offsets.filter { world.broker.group.offsets[$0.key] != $0.value }
    switch mutant {
    case .offsetsPastUnsettled:
      return batch.offsets.reduce(into: [:]) { $0[$1.key] = max($1.value, process.consumer.received($1.key) ?? 0) }
    case .offsetsOutside:
      guard let group = process.consumer.metadata, world.broker.group.refusal(of: group) == nil else { return nil }
      world.broker.group.commit(batch.offsets, under: batch.identities)
      return nil
    case .noFenceUnmoved: return moved.isEmpty ? nil : batch.offsets
    case .onlyMovedOffsetsFirst, .invalidOffsetFence: return moved.isEmpty ? nil : moved
    case .localStoreOnly, .appliedBeforeCommit, .noConflictMark, .noDeadLetterMark, .markMatchesAll,
      .unknownIsCommitted, .unknownIsAborted, .tailWithoutNewProducer, .keptAfterResentCommit,
      .keptAfterAbort,
      .droppedUsedAgain, .survivesRevoke, .generationAtSend, .callsForgotten, .answersDropped, .stableStateEnd,
      .restoreNotAwaited, .journalNotRead, .journalUnchecked, .movedOutside, .movedAstray, .lanesDropped,
      .purgeOutside, .fingerprintIgnored, .deadlineIgnored, .replayAcceptedTwice, .credentialCountedAsFailure,
      .breakerNeverOpens, .oneQueueForAll, .hangForgotten:
      return batch.offsets
    }
  }

  /// Who commits.
  func metadata(_ captured: GroupCoordinator.Metadata, _ process: Process) -> GroupCoordinator.Metadata? {
    mutant == .generationAtSend ? process.consumer.metadata : captured
  }
}

extension Mutation.Asked {
  fileprivate init(_ link: Link) { self.init(fingerprint: link.fingerprint, origin: link.origin) }
}

extension JournalEntry {
  /// Looks as if it belonged to a request.
  fileprivate mutating func pass(for asked: Mutation.Asked) {
    guard var answer = try? JournalPayload(decoding: payload) else { return }
    answer.link.origin = asked.origin
    fingerprint = asked.fingerprint
    payload = answer.encoded()
  }
}

extension StateRecord {
  fileprivate var isMark: Bool { if case .mark = self { true } else { false } }
  fileprivate var isLinkTombstone: Bool { if case .tombstone(.link) = self { true } else { false } }
}
