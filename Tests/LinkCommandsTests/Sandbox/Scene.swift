@testable import LinkCommands
@testable import LinkCore
@testable import LinkSandbox

/// A board and a screen, and a clock that tests move.
struct Scene {
  var board: LinkBoard
  var screen: SandboxScreen
  var now = Timestamp(milliseconds: 1_000_000)
  private(set) var said: [LinkBoard.Step] = []

  init(width: Int = 100, height: Int = 30, rowLimit: Int = 2_000) {
    board = LinkBoard(rowLimit: rowLimit)
    screen = SandboxScreen(title: StyledLine("the title"), width: width, height: height)
  }

  /// What stands on the screen now.
  var lines: [String] {
    mutating get { screen.lines(board, now: now).map(\.text) }
  }

  mutating func take(_ event: LinkBoard.Event) { said += board.take(event, now: now) }

  mutating func note(_ note: Note) { take(.observed(.noted(note))) }

  /// A record of the requests topic, as a reader of it and the worker see it.
  mutating func request(_ record: SourceRecord, isReceived: Bool = true) {
    take(.requested(record))
    if isReceived { take(.observed(.received(record))) }
  }

  mutating func call(_ key: LinkKey, _ verdict: Attempt.Verdict, _ status: Int?, took: Milliseconds = 50) {
    take(.observed(.calling(key)))
    now = now + took
    note(.called(key: key, verdict: verdict, status: status, detail: nil, took: took))
  }

  mutating func decide(
    _ kind: Note.Decided.Kind, _ key: LinkKey?, at place: LinkRow.Place? = nil, code: String? = nil,
    due: Timestamp? = nil
  ) {
    note(
      .decided(
        .init(kind: kind, partition: place?.partition ?? 0, offset: place?.offset, key: key, code: code, due: due)))
  }

  /// A committed outcome of a request with the id and source that `event` gives it.
  mutating func outcome(_ type: String, id: String, _ key: LinkKey, _ rest: String, grant: LinkScope.Accounts? = nil) {
    let value =
      #"{"type":"link-account.\#(type).v1","data":{"requestId":"\#(id)","requestSource":"/me","userId":\#(key.userId),"#
      + #""idempotencyKey":"\#(key.idempotencyKey)","brokerNames":["demo-broker"],\#(rest)}}"#
    let record = SourceRecord(partition: 0, offset: 0, timestamp: now, key: nil, value: Array(value.utf8))
    let claims = grant.map {
      TokenClaims(
        userId: key.userId, brokerNames: ["demo-broker"], accounts: $0, isVerified: nil, issuedAt: now,
        expiresAt: now + 1, id: "1")
    }
    take(.sighted(Sighting(outcome: record) { _ in claims }))
  }

  /// A link request of `/me` for all accounts.
  static func record(
    _ id: String, userId: Int64, key: String? = nil, partition: Int32 = 0, offset: Int64 = 0, headers: [Header] = [],
    at time: Timestamp = Timestamp(milliseconds: 1_000_000)
  ) -> SourceRecord {
    SourceRecord(
      partition: partition, offset: offset, timestamp: time, key: Array(String(userId).utf8),
      value: Sample.event(id, source: "/me", userId: userId, .all, idempotencyKey: key), headers: headers)
  }
}
