import LinkCore
import LinkCrypto
import LinkTestSupport

@testable import LinkCommands

/// The records of four topics with four partitions, as a worker leaves them, for audits without Kafka.
struct AuditHistory {
  static let partitionCount: Int32 = 4
  static let now = Timestamp(milliseconds: 1_772_442_904_000)
  static let structured = Header("content-type", "application/cloudevents+json")

  private(set) var records: [TopicRole: [SourceRecord]] = [:]
  /// The low watermarks of the requests; records below are not given to the audit.
  var lows: [Int32: Int64] = [:]
  /// What the group has committed where that is not the end.
  var committed: [Int32: Int64?] = [:]
  /// From which offset of each partition on the outcomes may be ahead of the state.
  var stableOutcomes: Int64 = .max
  /// Since when outcomes and dead letters are there.
  var since: Timestamp?
  var rules = AuditRules(
    groupID: "workers", requestsTopic: "requests", partitionCount: partitionCount, now: now, sha256: sha256)

  let writer = EventWriter(
    groupID: "workers", instanceID: "worker-1", requestsTopic: "requests", sha256: sha256,
    deadLetterMaxBytes: 1_000_000)

  /// Appends a record, and returns it with its place.
  @discardableResult
  mutating func append(_ record: OutgoingRecord, to partition: Int32? = nil) -> SourceRecord {
    let partition = partition ?? record.partition ?? 0
    let written = SourceRecord(
      partition: partition, offset: end(record.topic, partition), timestamp: record.timestamp ?? Self.now,
      key: record.key, value: record.value, headers: record.headers)
    records[record.topic, default: []].append(written)
    return written
  }

  /// The offset behind the last record.
  func end(_ role: TopicRole, _ partition: Int32) -> Int64 {
    Int64(records[role, default: []].count { $0.partition == partition })
  }

  /// Takes a record's place, and does without it.
  mutating func drop(_ role: TopicRole, _ record: SourceRecord) { change(role, record) { _ in nil } }

  /// Has another record in a record's place; nil: none.
  mutating func change(_ role: TopicRole, _ record: SourceRecord, _ change: (SourceRecord) -> SourceRecord?) {
    records[role] = records[role]?.compactMap {
      guard $0.partition == record.partition, $0.offset == record.offset else { return $0 }
      return change($0)
    }
  }

  /// What an audit makes of it.
  func audit(limit: Int = 100) -> Audit {
    var audit = Audit(rules: rules, findingLimit: limit)
    for partition in 0..<Self.partitionCount {
      audit.bounds.ends[partition] =
        (records[.requests]?.filter { $0.partition == partition }.map(\.offset).max() ?? -1) + 1
      audit.bounds.stableOutcomes[partition] = stableOutcomes
      audit.bounds.committed[partition] = committed[partition] ?? audit.bounds.ends[partition]
    }
    (audit.bounds.lows, audit.bounds.lowsBefore) = (lows, lows)
    (audit.bounds.outcomesSince, audit.bounds.deadLettersSince) = (since, since)
    for record in records[.state] ?? [] { audit.take(state: record) }
    for record in records[.outcomes] ?? [] { audit.take(outcome: record) }
    for record in records[.deadLetters] ?? [] { audit.take(deadLetter: record) }
    for record in records[.requests] ?? [] where record.offset >= lows[record.partition] ?? 0 {
      audit.take(request: record)
    }
    audit.judge()
    return audit
  }
}

/// What stands for one link.
extension AuditHistory {
  /// Writes a link request to its home, or to a partition.
  @discardableResult
  mutating func ask(
    _ id: String, user: Int64, key: String, account: Int64 = 1, to partition: Int32? = nil, at: Timestamp = now,
    headers: [Header] = []
  ) -> SourceRecord {
    let event = RequestEvent(id: id, userID: user, idempotencyKey: key, accounts: [account])
    return append(
      OutgoingRecord(
        topic: .requests, key: nil, value: Array(event.structured.utf8), headers: [Self.structured] + headers,
        timestamp: at), to: partition ?? home(user))
  }

  func home(_ user: Int64) -> Int32 { HomePartition.of(userId: user, partitionCount: Self.partitionCount) }

  func request(_ record: SourceRecord) throws -> LinkRequest {
    guard case .link(let request) = RequestReader().read(record) else { throw Missing("A link request") }
    return request
  }

  func link(_ record: SourceRecord, _ state: Link.State, replay: Int = 0) throws -> Link {
    let request = try request(record)
    return Link(
      key: request.key, fingerprint: request.fingerprint(sha256: sha256), state: state, request: request,
      origin: .init(partition: record.partition, offset: record.offset, timestamp: record.timestamp),
      attemptCount: 1, replay: replay,
      replays: (0..<replay).map {
        .init(id: Text("replay-\($0 + 1)"), at: Self.now, reason: "again", operator: "test")
      })
  }

  /// Writes a state of the link that a request made.
  @discardableResult
  mutating func keep(_ record: SourceRecord, _ state: Link.State, replay: Int = 0) throws -> SourceRecord {
    let (key, value) = StateRecord.link(try link(record, state, replay: replay)).encoded()
    return append(OutgoingRecord(topic: .state, key: key, value: value), to: record.partition)
  }

  /// Writes the outcome of the link that a request made.
  @discardableResult
  mutating func end(
    _ record: SourceRecord, token: Bool = true, replay: Int = 0, at: Timestamp = now
  ) throws -> SourceRecord {
    let link = try link(record, .scheduled(due: at), replay: replay)
    let request = try request(record)
    let event =
      token
      ? writer.tokenReady(
        link: link, request: request, token: Secret(Array("token".utf8)), issuedAt: at, expiresAt: at, decidedAt: at)
      : writer.failed(link: link, request: request, error: EventError(failure: .adapterRejected), decidedAt: at)
    return append(event, to: home(request.userId))
  }

  /// Writes the refusal of a request.
  @discardableResult
  mutating func refuse(_ record: SourceRecord, _ code: RefusalCode) throws -> SourceRecord {
    let identity: RequestIdentity? =
      switch RequestReader().read(record) {
      case .link(let request): request.identity
      case .replay(let request): request.identity
      case .malformed(_, let identity): identity
      case .unknownType, .empty: nil
      }
    guard let identity else { throw Missing("Id and source of a request") }
    return append(
      writer.refused(
        identity: identity, error: EventError(refusal: code), recordDigest: sha256(record.value ?? []),
        decidedAt: Self.now))
  }

  /// Writes the dead letter of a record.
  @discardableResult
  mutating func putAside(_ record: SourceRecord, _ reason: Malformation.Reason) -> SourceRecord {
    append(writer.deadLetter(record: record, fault: Malformation(reason, "It is so.")))
  }

  /// Moves a record home.
  @discardableResult
  mutating func move(_ record: SourceRecord, user: Int64) -> SourceRecord {
    append(writer.moved(record: record, userId: user, home: home(user)))
  }

  /// Writes a replay request.
  @discardableResult
  mutating func replay(_ id: String, user: Int64, key: String) -> SourceRecord {
    let data = #"{"userId":\#(user),"idempotencyKey":"\#(key)","reason":"again","operator":"test"}"#
    let event =
      #"{"specversion":"1.0","id":"\#(id)","source":"/replay","type":"link-account.replay-requested.v1","data":\#(data)}"#
    return append(
      OutgoingRecord(topic: .requests, key: nil, value: Array(event.utf8), headers: [Self.structured]),
      to: home(user))
  }
}
