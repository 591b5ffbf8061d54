import Glibc
import LinkCore
import LinkSandbox
import Testing

@testable import LinkKafka

@Suite(.enabled(if: Cluster.isAvailable, Cluster.reason), .serialized)
struct PublisherTests {
  @Test("A committed batch shows its outcome, its state and its offsets, and its producer is used again")
  func commits() throws {
    let realm = try Realm()
    let member = try Member(realm)
    let publisher = try realm.publisher()
    try publisher.prepare()
    let identity = StateRecord.identity(partition: 1, Identity(high: 1, low: 2))
    let mark = StateRecord.mark(
      Mark(partition: 1, offset: 4, digest: try #require(Digest([UInt8](repeating: 7, count: 32)))))
    let batch = Batch(
      [.outcome("token")], state: [identity, mark], partition: 1, offsets: [0: 0, 1: 5])
    let producer = try #require(publisher.producer)
    let result = publisher.commit(batch, group: try member.group())
    #expect(result.stateEnds == [1: 2])
    #expect(producer.transmissions.endCount == 1)
    #expect(publisher.producer === producer)

    #expect(try realm.records(.outcomes).map { $0.value ?? [] } == [Array("token".utf8)])
    let state = try realm.records(.state)
    #expect(state.map(\.partition) == [1, 1])
    #expect(state.map { $0.key ?? [] } == [identity.encoded().key, mark.encoded().key])
    #expect(try realm.reader().committedOffsets(partitions: [0, 1], timeout: 20_000) == [0: 0, 1: 5])
  }

  @Test("A batch of offsets alone is committed, and so is one after it on the same producer")
  func commitsOffsetsAlone() throws {
    let realm = try Realm()
    let member = try Member(realm)
    let publisher = try realm.publisher()
    #expect(publisher.commit(Batch(offsets: [0: 3]), group: try member.group()).stateEnds == [:])
    let producer = try #require(publisher.producer)
    #expect(publisher.commit(Batch(offsets: [0: 4]), group: try member.group()).stateEnds == [:])
    #expect(publisher.producer === producer)
    #expect(try realm.reader().committedOffsets(partitions: [0], timeout: 20_000) == [0: 4])
  }

  @Test("A clean transaction's cost is a few milliseconds, also the first one's")
  func isQuick() throws {
    let realm = try Realm()
    let member = try Member(realm)
    let group = try member.group()
    // The best of three: the machine may be busy, but librdkafka's look once a second would be there every time.
    let took = try (1...3).map { number in
      let publisher = try realm.publisher("\(realm.group).\(number)")
      try publisher.prepare()
      let began = Uptime.now()
      #expect(publisher.commit(Batch([.outcome("a")], offsets: [0: 1]), group: group).stateEnds != nil)
      return Uptime.now() - began
    }
    #expect((took.min() ?? .max) < 900, "milliseconds: \(took)")
  }

  @Test("An offset tells under which identity a worker committed it; one that somebody else committed tells none")
  func identifiesOffsets() throws {
    let realm = try Realm()
    let member = try Member(realm)
    let publisher = try realm.publisher()
    let identity = Identity(high: 1, low: .max)
    var batch = Batch(offsets: [0: 3, 1: 5])
    batch.identities = [0: identity]
    #expect(publisher.commit(batch, group: try member.group()).stateEnds == [:])
    #expect(
      try realm.reader().committed(partitions: [0, 1], timeout: 20_000)
        == [0: CommittedOffset(3, under: identity), 1: CommittedOffset(5)])
    #expect(publisher.commit(Batch(offsets: [0: 4]), group: try member.group()).stateEnds == [:])
    #expect(try realm.reader().committed(partitions: [0], timeout: 20_000) == [0: CommittedOffset(4)])
  }

  @Test("Records of a partition stand in the order of the decisions")
  func keepsOrder() throws {
    let realm = try Realm(partitions: 1)
    let member = try Member(realm)
    let publisher = try realm.publisher()
    let texts = (0..<500).map { "o\($0)" }
    let decisions = texts.enumerated().map {
      BatchedDecision(id: UInt64($0), partition: 0, records: [.outcome($1)], state: [])
    }
    let result = publisher.commit(Batch(id: 1, decisions: decisions, offsets: [0: 500]), group: try member.group())
    #expect(result.stateEnds != nil)
    #expect(try realm.records(.outcomes).map { String(decoding: $0.value ?? [], as: UTF8.self) } == texts)
  }

  @Test("A moved request keeps key, value, headers and timestamp, in the partition that was chosen")
  func movesRequests() throws {
    let realm = try Realm()
    let member = try Member(realm)
    let moved = OutgoingRecord(
      topic: .requests, partition: 1, key: Array("42".utf8), value: [0, 1, 2],
      headers: [Header("ce_id", "x"), Header("linkworker.moved-from", "t/0/7")],
      timestamp: Timestamp(milliseconds: Int64(time(nil)) * 1_000 - 3_600_123))
    #expect(try realm.publisher().commit(Batch([moved], offsets: [0: 8]), group: try member.group()).stateEnds != nil)
    let found = try #require(try realm.records(.requests).first)
    #expect(found.partition == 1)
    #expect(found.key == moved.key)
    #expect(found.value == moved.value)
    #expect(found.headers == moved.headers)
    #expect(found.timestamp == moved.timestamp)
  }

  @Test("A record that is too large for its topic names its decision alone, and nothing of the batch is visible")
  func refusesTooLarge() throws {
    let realm = try Realm(partitions: 1, settings: [.outcomes: ["max.message.bytes": "100000"]])
    let member = try Member(realm)
    let publisher = try realm.publisher()
    let large = String(repeating: "x", count: 150_000)
    let decisions = [
      BatchedDecision(id: 10, partition: 0, records: [.outcome("small")], state: []),
      BatchedDecision(id: 11, partition: 0, records: [.outcome(large)], state: []),
      BatchedDecision(
        id: 12, partition: 0, records: [.outcome("small too")], state: [.tombstone(.identity(partition: 0))]),
    ]
    let group = try member.group()
    let began = Uptime.now()
    guard
      case .refused(let refused) = publisher.commit(Batch(id: 1, decisions: decisions, offsets: [0: 3]), group: group)
    else { throw Missing(what: "a refusal") }
    // It is not sent again and again until the transaction's time is over, which is ten seconds.
    #expect(Uptime.now() - began < 8_000)
    #expect(refused.keys.sorted() == [11])
    #expect(refused[11]?.contains("MSG_SIZE_TOO_LARGE") == true)
    #expect(try realm.records(.outcomes).isEmpty)
    #expect(try realm.records(.state).isEmpty)
    #expect(try realm.reader().committedOffsets(partitions: [0], timeout: 20_000) == [:])

    let rest = Batch(id: 2, decisions: [decisions[0], decisions[2]], offsets: [0: 1])
    #expect(publisher.commit(rest, group: group).stateEnds != nil)
    #expect(try realm.records(.outcomes).count == 2)
    #expect(try realm.records(.state).count == 1)
  }

  @Test("A record above the client's own limit is refused without asking the broker")
  func refusesAboveTheClientsLimit() throws {
    let realm = try Realm(partitions: 1)
    let member = try Member(realm)
    let batch = Batch([.outcome(String(repeating: "x", count: 2_000_000))], offsets: [0: 1], id: 5)
    guard case .refused(let refused) = try realm.publisher().commit(batch, group: try member.group()) else {
      throw Missing(what: "a refusal")
    }
    #expect(refused.keys.sorted() == [5])
  }

  @Test("A dead letter of a request of the default maximal size fits")
  func largeDeadLetterFits() throws {
    let realm = try Realm(partitions: 1, settings: [.deadLetters: ["max.message.bytes": "1114124"]])
    let member = try Member(realm)
    let letter = OutgoingRecord(
      topic: .deadLetters, key: nil, value: [UInt8](repeating: 1, count: 1_048_000),
      headers: [Header("__connect.errors.exception.message", String(repeating: "m", count: 4_000))])
    #expect(try realm.publisher().commit(Batch([letter], offsets: [0: 1]), group: try member.group()).stateEnds != nil)
  }

  @Test("After a rebalance the old generation's commit is refused, and the new one's goes through")
  func fencesOldGeneration() throws {
    let realm = try Realm(partitions: 2)
    let first = try Member(realm)
    let old = try first.group()
    first.assigned = nil
    let second = try realm.consumer()
    var taken: [Int32]?
    second.onAssign = { taken = $0 }
    try second.subscribe()
    try first.expect("the rebalance") {
      _ = second.poll(timeoutMilliseconds: 10)
      return taken != nil && first.assigned != nil
    }
    let publisher = try realm.publisher()
    let batch = Batch([.outcome("stale")], offsets: [0: 1, 1: 1])
    guard case .fencedByGroup(let reason) = publisher.commit(batch, group: old) else { throw Missing(what: "a fence") }
    #expect(reason.contains("ILLEGAL_GENERATION"))
    #expect(try realm.records(.outcomes).isEmpty)
    #expect(try realm.reader().committedOffsets(partitions: [0, 1], timeout: 20_000) == [:])

    let kept = try #require(first.assigned?.first)
    #expect(publisher.commit(Batch([.outcome("fresh")], offsets: [kept: 1]), group: try first.group()).stateEnds != nil)
    #expect(try realm.records(.outcomes).count == 1)
  }

  @Test("A member that has left commits nothing, and has no metadata any more")
  func fencesDepartedMember() throws {
    let realm = try Realm(partitions: 1)
    let member = try Member(realm)
    let group = try member.group()
    member.consumer.close()
    #expect(member.consumer.groupMetadata() == nil)
    let result = try realm.publisher().commit(Batch([.outcome("late")], offsets: [0: 0]), group: group)
    guard case .fencedByGroup(let reason) = result else { throw Missing(what: "a fence, not \(result)") }
    #expect(reason.contains("UNKNOWN_MEMBER_ID"))
    #expect(try realm.records(.outcomes).isEmpty)
  }

  @Test("A batch without offsets, or with a negative one, is never committed")
  func refusesUnfencedBatches() throws {
    let realm = try Realm(partitions: 1)
    let member = try Member(realm)
    let publisher = try realm.publisher()
    for offsets in [[:], [0: -1001]] as [[Int32: Int64]] {
      guard case .fatal = publisher.commit(Batch([.outcome("x")], offsets: offsets), group: try member.group()) else {
        throw Missing(what: "a fatal end")
      }
    }
    #expect(try realm.records(.outcomes).isEmpty)
  }

  @Test("Two publishers with one transactional id: the one fenced twice in a minute says so with 78, the other goes on")
  func tellsOfSharedIdentity() throws {
    let realm = try Realm(partitions: 1)
    let member = try Member(realm)
    let group = try member.group()
    let one = try realm.publisher("same")
    let other = try realm.publisher("same")
    try one.prepare()
    try other.prepare()
    guard case .aborted(let reason) = one.commit(Batch([.outcome("1")], offsets: [0: 1]), group: group) else {
      throw Missing(what: "an abort")
    }
    #expect(reason.contains("FENCED"))
    try one.prepare()
    guard case .aborted = other.commit(Batch([.outcome("2")], offsets: [0: 1]), group: group) else {
      throw Missing(what: "an abort")
    }
    try other.prepare()
    guard case .fatal(let why, let code) = one.commit(Batch([.outcome("3")], offsets: [0: 1]), group: group) else {
      throw Missing(what: "the end")
    }
    #expect(code == 78)
    #expect(why.contains("another worker"))
    #expect(try realm.records(.outcomes).isEmpty)
    #expect(other.commit(Batch([.outcome("4")], offsets: [0: 1]), group: group).stateEnds != nil)
    #expect(try realm.records(.outcomes).count == 1)
  }

  @Test("A missing topic fails by name and with a hint; the batch can be tried again")
  func missingTopic() throws {
    let realm = try Realm(partitions: 1)
    let member = try Member(realm)
    var topics = realm.topics
    topics[.outcomes] = realm.name + ".nowhere"
    let publisher = try TransactionalPublisher(
      properties: realm.properties, transactionalID: realm.group, topics: topics, timing: .init(transaction: 4_000))
    guard
      case .aborted(let reason) = publisher.commit(Batch([.outcome("x")], offsets: [0: 1]), group: try member.group())
    else { throw Missing(what: "an abort") }
    #expect(reason.contains(".nowhere"))
    #expect(try realm.reader().committedOffsets(partitions: [0], timeout: 20_000) == [:])
  }

  @Test(
    "A broker that freezes within the commit leaves it unknown; the log then tells, and the next commit goes through")
  func unknownCommit() throws {
    let kafka = try RealKafka(home: try #require(RealKafka.homeFromEnvironment))
    let realm = try Realm(partitions: 1, properties: KafkaProperties(["bootstrap.servers": kafka.bootstrap]))
    let member = try Member(realm)
    let group = try member.group()
    let publisher = try realm.publisher(timing: .init(transaction: 4_000, initialisation: 2_000))
    try publisher.prepare()
    publisher.beforeCommit = { kafka.pause() }
    let batch = Batch([.outcome("once")], state: [.identity(partition: 0, Identity(high: 3, low: 4))], offsets: [0: 1])
    guard case .unknown = publisher.commit(batch, group: group) else { throw Missing(what: "an unknown end") }
    #expect(!publisher.isPrepared)
    #expect(throws: KafkaFailure.self) { try publisher.prepare() }
    kafka.resume()
    publisher.beforeCommit = {}
    try awaiting("a new producer") { (try? publisher.prepare()) != nil }
    let reader = try realm.reader()
    var entries = 0
    let isWhole = try reader.read(from: [0: 0], to: [0: try reader.end(partition: 0)]) { entries += $1.count }
    #expect(isWhole)
    let wasCommitted = entries == 1
    #expect(try realm.records(.outcomes).count == (wasCommitted ? 1 : 0))
    let offsets = try reader.committedOffsets(partitions: [0], timeout: 20_000)
    #expect(offsets == (wasCommitted ? [0: 1] : [:]))
  }

  @Test("A broker that cannot be reached is named with what to check")
  func unreachable() throws {
    let properties = KafkaProperties(["bootstrap.servers": "127.0.0.1:1"])
    let publisher = try TransactionalPublisher(
      properties: properties, transactionalID: "x", topics: [.requests: "r"], timing: .init(initialisation: 500))
    let failure = #expect(throws: KafkaFailure.self) { try publisher.prepare() }
    #expect(failure?.hint?.contains("bootstrap.servers") == true)
    #expect(failure?.detail.contains("127.0.0.1:1") == true)
  }
}
