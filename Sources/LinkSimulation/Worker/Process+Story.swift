import LinkCore

/// What the engine tells operators, for the story and the count of passages.
extension Process {
  func tell(_ note: Note) {
    world.truth.noteTold(note)
    switch note {
    case .laneBlocked(let partition, let reason):
      world.tell("worker \(slot.index): lane \(partition) stands still: \(reason)")
      world.noteBlocked(self)
    case .decided(let decided): count(decided)
    case .credentialRefused:
      isGateClosed = true
      world.pass(.credentialRefused)
    case .credentialAccepted: isGateClosed = false
    case .breakerOpened: world.pass(.breakerOpened)
    case .decisionRefused: world.pass(.refusedRecord)
    case .laneOpened, .recordSkipped, .called, .committed, .commitFailed, .breakerHalfOpened, .breakerClosed:
      break
    }
    switch note {
    case .laneOpened(let partition, let position):
      world.tell("worker \(slot.index): lane \(partition) opens at \(position)")
    case .commitFailed(_, let reason, _, _): world.tell("worker \(slot.index): the transaction failed: \(reason)")
    case .called(let key, let verdict, _, _, _):
      world.tell("worker \(slot.index): the call for \(key) ended: \(verdict.rawValue)")
    case .laneBlocked, .recordSkipped, .decided, .committed, .decisionRefused, .credentialRefused, .credentialAccepted,
      .breakerOpened, .breakerHalfOpened, .breakerClosed:
      break
    }
  }

  private func count(_ decided: Note.Decided) {
    world.tell(
      "worker \(slot.index): \(decided.kind.rawValue) \(decided.key.map { "\($0)" } ?? "-")"
        + " at \(decided.partition)/\(decided.offset.map { "\($0)" } ?? "-") \(decided.code ?? "")")
    switch decided.kind {
    case .duplicate: world.pass(decided.key == nil ? .markMatched : .duplicate)
    case .moved: world.pass(.moved)
    case .refused:
      world.pass(decided.code == RefusalCode.requestExpired.rawValue ? .expired : .refused)
    case .deadLettered: world.pass(.deadLettered)
    case .replayed: world.pass(.replayed)
    case .succeeded: if !hasCalled(decided.key) { world.pass(.journalUsed) }
    case .failed, .scheduled: break
    }
  }

  private func hasCalled(_ key: LinkKey?) -> Bool {
    key.map { world.truth.calls[$0]?.contains { $0.process === self && $0.isFinal && !$0.isLost } ?? false } ?? false
  }

  /// What an event made of the engine.
  func notePassages(_ event: Event, _ effects: [Effect]) {
    for effect in effects {
      switch effect {
      case .store(let work):
        for item in work {
          if case .park = item { world.pass(.parked) }
          if case .lookUp = item, case .answered = event { world.pass(.awaitedEarlierCall) }
        }
      case .note(.decided(let decided)):
        if case .tick = event, decided.kind == .scheduled, decided.offset != nil, !load.credentialRefused {
          world.pass(.heldUp)
        }
      case .restore, .start, .pause, .resume, .call, .reloadCredential, .commit, .reconcile, .note, .finished, .fail:
        break
      }
    }
  }

  /// What the store answered.
  func notePassages(_ answers: [StoreAnswer]) {
    for answer in answers {
      switch answer {
      case .expired(_, let keys): if !keys.isEmpty { world.pass(.purged) }
      case .found(_, nil, let entry?):
        if world.truth.isOfOtherRequest(entry) { world.pass(.journalOfOtherRequest) }
      case .found, .journaled, .applied, .due: break
      }
    }
  }

  /// What a lane opens with.
  func notePassages(_ marks: [Mark], _ partition: Int32) {
    let log = world.broker.requests[Int(partition)]
    for mark in marks {
      guard case .request(let record)? = log.entry(at: mark.offset)?.body else { continue }
      if record.digest(sha256: world.sha256) != mark.digest { world.pass(.markOfOtherBytes) }
    }
  }
}
