import LinkCore
import LinkSandbox

/// One request that the sandbox sends, and what has to become of it.
struct Sample {
  /// Its name, which is also the `id` of its event.
  var name: String
  /// What it asks, in a sentence for people.
  var about: String
  /// Whose request it is; nil where nobody can read that.
  var userId: Int64?
  /// The record, in the partition that it is sent to.
  var record: OutgoingRecord
  /// How the adapter treats its user, unless the command line says otherwise.
  var rule: EmulatorRule?
  /// What has to come, in any order; nothing for one that is known already.
  var expected: Set<Sight>

  /// The `source` of the samples' events.
  static let source = "/sandbox"
  /// The header by which a sample's record is known again among the dead letters.
  static let header = "sandbox-sample"

  private init(
    _ name: String, _ about: String, _ userId: Int64?, partition: Int32, value: [UInt8], rule: EmulatorRule? = nil,
    _ expected: Set<Sight>
  ) {
    self.name = name
    self.about = about
    self.userId = userId
    record = OutgoingRecord(
      topic: .requests, partition: partition, key: userId.map { Array(String($0).utf8) }, value: value,
      headers: [Header("content-type", "application/cloudevents+json"), Header(Self.header, name)])
    self.rule = rule
    self.expected = expected
  }

  /// All samples, in the order in which they are sent, for a requests topic of so many partitions (at least two).
  static func all(partitionCount: Int32) -> [Sample] {
    func home(_ userId: Int64) -> Int32 { HomePartition.of(userId: userId, partitionCount: partitionCount) }
    let foreign = (home(46) + 1) % partitionCount
    return [
      Sample(
        "success", "user 42 links account 7", 42, partition: home(42),
        value: event("success", userId: 42, .some([7]), idempotencyKey: "order-1"),
        [.tokenReady(grant: .init(userId: 42, accounts: .some([7])), attempts: 1)]),
      Sample(
        "recovers", "user 43 links all accounts; the adapter answers 503 twice, then gives a token", 43,
        partition: home(43), value: event("recovers", userId: 43, .all),
        rule: EmulatorRule(failure: .status(503), failFirst: 2),
        [.tokenReady(grant: .init(userId: 43, accounts: .all), attempts: 3)]),
      Sample(
        "rejected", "user 44 links all accounts; the adapter says no", 44, partition: home(44),
        value: event("rejected", userId: 44, .all), rule: EmulatorRule(failure: .rejected(errmsg: "User is blocked")),
        [.failed("adapter_rejected")]),
      Sample(
        "malformed", "user 45, with a misspelt list of accounts; id and source can be read", 45, partition: home(45),
        value: misspelt("malformed", userId: 45), [.refused("invalid_request"), .deadLetter("invalid_data")]),
      Sample(
        "unreadable", "half a JSON text", nil, partition: 0, value: Array(#"{"specversion":"1.0","id":"#.utf8),
        [.deadLetter("not_json")]),
      Sample(
        "duplicate", "the same link as success, asked for once more by another event", 42, partition: home(42),
        value: event("duplicate", userId: 42, .some([7]), idempotencyKey: "order-1"), []),
      Sample(
        "conflict", "the idempotency key of success, for account 8", 42, partition: home(42),
        value: event("conflict", userId: 42, .some([8]), idempotencyKey: "order-1"),
        [.refused("idempotency_conflict")]),
      Sample(
        "moved", "user 46 links all accounts; sent to partition \(foreign), which is not the user's home", 46,
        partition: foreign, value: event("moved", userId: 46, .all),
        [
          .moved(from: foreign, to: home(46)),
          .tokenReady(grant: .init(userId: 46, accounts: .all), attempts: 1),
        ]),
    ]
  }

  /// A link request as a client area writes it.
  static func event(
    _ id: String, source: String = source, userId: Int64, _ accounts: LinkScope.Accounts, idempotencyKey: String? = nil
  ) -> [UInt8] {
    event(id, source: source, userId: userId) { json in
      switch accounts {
      case .all:
        json.name("allAccounts")
        json.boolean(true)
      case .some(let ids):
        json.name("ctidTraderAccountIds")
        json.beginArray()
        for id in ids { json.integer(id) }
        json.endArray()
      }
      if let idempotencyKey {
        json.name("idempotencyKey")
        json.string(idempotencyKey)
      }
    }
  }

  /// With the key that an older edition of the adapter's documentation has: passed on, it could grant every account.
  private static func misspelt(_ id: String, userId: Int64) -> [UInt8] {
    event(id, source: source, userId: userId) { json in
      json.name("ctidTraderAccountId")
      json.integer(7)
    }
  }

  private static func event(
    _ id: String, source: String, userId: Int64, rest: (inout JSONWriter) -> Void
  ) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.name("specversion")
    json.string("1.0")
    json.name("id")
    json.string(id)
    json.name("source")
    json.string(source)
    json.name("type")
    json.string(EventType.requested.rawValue)
    json.name("data")
    json.beginObject()
    json.name("userId")
    json.integer(userId)
    json.name("brokerNames")
    json.beginArray()
    json.string("demo-broker")
    json.endArray()
    rest(&json)
    json.endObject()
    json.endObject()
    return json.bytes
  }
}
