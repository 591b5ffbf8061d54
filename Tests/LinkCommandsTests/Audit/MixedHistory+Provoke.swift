import LinkCore
import Testing

@testable import LinkCommands

extension MixedHistory {
  /// Changes one thing so that a finding of this kind has to come, and returns the place that it has to name.
  mutating func provoke(_ kind: AuditFindingKind) throws -> (partition: Int32, offset: Int64?) {
    switch kind {
    case .requestLost:
      history.drop(.state, waitingState)
      return try place { (try? $0.request($1).id) == "d" }
    case .twoEnds:
      try history.refuse(first, .idempotencyConflict)
      return (first.partition, first.offset)
    case .refusedTwice:
      try history.refuse(conflict, .idempotencyConflict)
      // Two records are the same byte for byte: the last of them is named.
      return (conflict.partition, conflict.offset + 1)
    case .refusalMissing:
      history.drop(.outcomes, legibleRefusal)
      return (legible.partition, legible.offset)
    case .refusalUnfounded:
      history.drop(.outcomes, legibleRefusal)
      try history.refuse(legible, .replayRefused)
      return (legible.partition, legible.offset)
    case .refusalWithoutRequest:
      var stranger = history
      let record = stranger.ask("nobody", user: 77, key: "k")
      return try history.refuse(record, .idempotencyConflict).place
    case .deadLetterTwice:
      history.putAside(legible, .invalidData)
      return (legible.partition, legible.offset)
    case .deadLetterMissing:
      history.drop(.deadLetters, legibleLetter)
      return (legible.partition, legible.offset)
    case .deadLetterUnfounded:
      history.putAside(first, .invalidData)
      return (first.partition, first.offset)
    case .deadLetterWithoutRequest:
      var nowhere = first
      nowhere.offset = 1_000
      return history.putAside(nowhere, .invalidData).place
    case .movedTwice:
      history.move(misplaced, user: 3)
      return (misplaced.partition, misplaced.offset)
    case .movedAstray:
      history.change(.requests, moved) { record in
        var record = record
        record.value = (record.value ?? []) + [UInt8(ascii: " ")]
        return record
      }
      return (moved.partition, moved.offset)
    case .movedWithoutSource:
      let header = Header("linkworker.moved-from", "requests/\(first.partition)/\(first.offset)")
      return history.ask("a-third", user: 1, key: "k", headers: [header]).place
    case .secondOutcome: return try history.end(first, token: false).place
    case .outcomeWithoutRequest:
      var stranger = history
      let record = stranger.ask("nobody", user: 77, key: "k")
      try history.keep(record, Self.done)
      return try history.end(record).place
    case .outcomeMissing:
      history.drop(.outcomes, firstOutcome)
      return firstState.place
    case .outcomeUnreadable:
      return history.append(OutgoingRecord(topic: .outcomes, key: nil, value: [1]), to: 3).place
    case .scopeChanged:
      var stranger = AuditHistory()
      let other = try stranger.end(stranger.ask("a", user: 1, key: "k", account: 99))
      history.change(.outcomes, firstOutcome) { record in
        var record = record
        record.value = other.value
        return record
      }
      return firstOutcome.place
    case .stateMissing:
      history.drop(.state, firstState)
      return firstOutcome.place
    case .stateBehind: return try history.keep(first, .scheduled(due: AuditHistory.now)).place
    case .stateDiffers:
      return try history.keep(first, .failed(at: AuditHistory.now, code: .adapterRejected)).place
    case .stateUnreadable:
      return history.append(OutgoingRecord(topic: .state, key: [1], value: [1]), to: 0).place
    case .offsetMissing:
      history.committed[first.partition] = .some(nil)
      return (first.partition, nil)
    case .offsetOutOfRange:
      let beyond = history.end(.requests, first.partition) + 5
      history.committed[first.partition] = beyond
      return (first.partition, beyond)
    }
  }

  private func place(
    _ fits: (AuditHistory, SourceRecord) -> Bool
  ) throws -> (partition: Int32, offset: Int64?) {
    try #require(history.records[.requests]?.first { fits(history, $0) }).place
  }
}

extension SourceRecord {
  fileprivate var place: (partition: Int32, offset: Int64?) { (partition, offset) }
}
