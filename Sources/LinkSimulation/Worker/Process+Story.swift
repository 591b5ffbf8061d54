import LinkCore

/// What the engine tells operators, for the story and the count of passages.
extension Process {
  func tell(_ note: Note) {
    switch note {
    case .laneBlocked(let partition, let reason):
      world.tell("worker \(slot.index): lane \(partition) stands still: \(reason)")
      world.noteBlocked(self)
    case .decided(let decided): count(decided)
    case .credentialRefused: world.pass(.credentialRefused)
    case .breakerOpened: world.pass(.breakerOpened)
    case .decisionRefused: world.pass(.refusedRecord)
    case .laneOpened, .recordSkipped, .called, .committed, .commitFailed, .credentialAccepted, .breakerClosed: break
    }
    switch note {
    case .laneOpened(let partition, let position):
      world.tell("worker \(slot.index): lane \(partition) opens at \(position)")
    case .commitFailed(let reason, _): world.tell("worker \(slot.index): the transaction failed: \(reason)")
    case .called(let key, let verdict, _, _, _):
      world.tell("worker \(slot.index): the call for \(key) ended: \(verdict.rawValue)")
    case .laneBlocked, .recordSkipped, .decided, .committed, .decisionRefused, .credentialRefused, .credentialAccepted,
      .breakerOpened, .breakerClosed:
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
    case .succeeded, .failed, .scheduled: break
    }
  }
}
