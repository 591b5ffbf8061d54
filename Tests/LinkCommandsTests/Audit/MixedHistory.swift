import LinkCore
import LinkTestSupport

@testable import LinkCommands

/// A history with a bit of everything, in which all is as promised, and the records that tests change.
struct MixedHistory {
  var history = AuditHistory()
  let first, conflict, legible, misplaced, moved: SourceRecord
  let conflictRefusal, legibleRefusal, firstOutcome, firstState, waitingState: SourceRecord
  let legibleLetter: SourceRecord

  static let done = Link.State.succeeded(at: AuditHistory.now)

  init() throws {
    // A link with a token, asked for twice, and once with another scope; the last is there twice, byte for byte.
    first = history.ask("a", user: 1, key: "k")
    firstState = try history.keep(first, Self.done)
    firstOutcome = try history.end(first)
    history.ask("a-again", user: 1, key: "k")
    conflict = history.ask("a-other", user: 1, key: "k", account: 2)
    conflictRefusal = try history.refuse(conflict, .idempotencyConflict)
    try history.refuse(history.ask("a-other", user: 1, key: "k", account: 2), .idempotencyConflict)
    // One that failed, and was replayed with success; a replay of one that had succeeded.
    let failed = history.ask("b", user: 2, key: "k")
    try history.end(failed, token: false)
    history.replay("replay-1", user: 2, key: "k")
    history.replay("replay-1", user: 2, key: "k")
    try history.end(failed, replay: 1)
    try history.keep(failed, Self.done, replay: 1)
    try history.refuse(history.replay("replay-x", user: 1, key: "k"), .replayRefused)
    // What cannot be read, and an unknown type, and a record without value.
    legible = history.append(Self.malformed("m"), to: 3)
    legibleRefusal = try history.refuse(legible, .invalidRequest)
    legibleLetter = history.putAside(legible, .invalidData)
    history.putAside(history.append(OutgoingRecord(topic: .requests, key: nil, value: [1]), to: 2), .notJSON)
    history.append(OutgoingRecord(topic: .requests, key: nil, value: nil), to: 2)
    // A misplaced one.
    misplaced = history.ask("c", user: 3, key: "k", to: (history.home(3) + 1) % AuditHistory.partitionCount)
    moved = history.move(misplaced, user: 3)
    try history.keep(moved, Self.done)
    try history.end(moved)
    // One that is too old, one that waits, and one that nobody has settled.
    let old = history.ask("e", user: 4, key: "k", at: AuditHistory.now + -50 * 86_400_000)
    try history.refuse(old, .requestExpired)
    history.putAside(old, .expired)
    waitingState = try history.keep(history.ask("d", user: 5, key: "k"), .scheduled(due: AuditHistory.now))
    let open = history.ask("f", user: 6, key: "k")
    history.committed[open.partition] = .some(open.offset)
  }

  /// A request whose id and source can be read, and nothing else.
  private static func malformed(_ id: String) -> OutgoingRecord {
    let event = RequestEvent(id: id, userID: 9, idempotencyKey: "k", accounts: [])
    return OutgoingRecord(
      topic: .requests, key: nil, value: Array(event.structured.utf8), headers: [AuditHistory.structured])
  }
}
