import LinkCore

@testable import LinkStore

/// Links, entries and records for tests.
enum Sample {
  static func key(_ user: Int64, _ text: Text = "key") -> LinkKey { LinkKey(userId: user, idempotencyKey: text) }

  static func digest(_ byte: UInt8) -> Digest {
    guard let digest = Digest([UInt8](repeating: byte, count: 32)) else { preconditionFailure("32 bytes are a digest") }
    return digest
  }

  static func link(
    _ key: LinkKey, _ state: Link.State, offset: Int64 = 0, partition: Int32 = 0, replay: Int = 0,
    deadline: Int64? = nil
  ) -> Link {
    var request = LinkRequest(
      id: Text("id-\(offset)"), source: "/test", userId: key.userId, idempotencyKey: key.idempotencyKey,
      scope: LinkScope(brokerNames: ["Broker"], accounts: .some([1, 2])), context: Array(#"{"a":1}"#.utf8))
    request.deadline = deadline.map { at($0) }
    var isOver = false
    if case .succeeded = state { isOver = true }
    return Link(
      key: key, fingerprint: digest(7), state: state, request: isOver ? nil : request,
      origin: Link.Origin(partition: partition, offset: offset, timestamp: at(1)), replay: replay)
  }

  static func scheduled(
    _ key: LinkKey, due: Int64, offset: Int64 = 0, partition: Int32 = 0, replay: Int = 0, deadline: Int64? = nil
  ) -> Link {
    link(
      key, .scheduled(due: at(due)), offset: offset, partition: partition, replay: replay, deadline: deadline)
  }

  static func entry(_ key: LinkKey, replay: Int = 0, payload: String = "outcome", expires: Int64 = 1_000)
    -> JournalEntry
  {
    JournalEntry(
      key: JournalKey(link: key, replay: replay), fingerprint: digest(7), partition: 0, expiresAt: at(expires),
      payload: Secret(Array(payload.utf8)))
  }

  static func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

  static func apply(
    _ records: [StateRecord], partition: Int32 = 0, checkpoint: Int64 = 1, settled: [JournalKey] = []
  ) -> StoreWork {
    .apply(
      ticket: 0,
      AppliedBatch(records: [partition: records], checkpoints: [partition: checkpoint], settled: settled))
  }
}

extension LinkStorage {
  /// The links, or the link, that one piece of work found.
  mutating func found(_ key: LinkKey) throws -> (link: Link?, journaled: JournalEntry?) {
    for case .found(_, let link, let journaled) in try perform([.lookUp(ticket: 1, key: key)]) {
      return (link, journaled)
    }
    return (nil, nil)
  }

  mutating func due(_ partition: Int32 = 0, until: Int64, limit: Int = 100, taken: Int = 0) throws -> (
    links: [DueLink], next: Timestamp?
  ) {
    let work = StoreWork.takeDue(
      ticket: 1, partition: partition, until: Sample.at(until), limit: limit, taken: taken)
    for case .due(_, let links, let next) in try perform([work]) { return (links, next) }
    return ([], nil)
  }

  /// Parks links until their user is free, or the far end of the test's time.
  mutating func park(_ keys: [LinkKey], partition: Int32 = 0, until: Int64 = 1_000_000) throws {
    _ = try perform([.park(partition: partition, keys.map { ($0, until: Sample.at(until)) })])
  }

  mutating func parked(_ user: Int64, partition: Int32 = 0) throws -> [DueLink] {
    for case .due(_, let links, _) in try perform([.takeParked(ticket: 1, partition: partition, userId: user)]) {
      return links
    }
    return []
  }

  mutating func expired(before: Int64, limit: Int = 100, partition: Int32 = 0) throws -> [LinkKey] {
    let work = StoreWork.listExpired(ticket: 1, partition: partition, before: Sample.at(before), limit: limit)
    for case .expired(_, let keys) in try perform([work]) { return keys }
    return []
  }

  mutating func apply(_ links: [Link], partition: Int32 = 0) throws {
    _ = try perform([Sample.apply(links.map { .link($0) }, partition: partition)])
  }
}

extension LinkStore {
  /// Takes records of one partition, encoded as Kafka has them, into its view.
  func absorb(
    _ partition: Int32, entries: [(offset: Int64, record: StateRecord)], checkpoint: Int64, at: Timestamp
  ) throws {
    var batch = RestoreBatch(sha256: sha256)
    for entry in entries {
      batch.add(entry.record, value: entry.record.encoded().value, partition: partition, offset: entry.offset)
    }
    batch.reach(partition, checkpoint)
    try absorb(batch, at: at)
  }
}
