import LinkCore
import Testing

@Suite("One link's way through the engine")
struct EngineLinkTests {
  let world = EngineWorld()
  init() { world.assignAll() }

  @Test("A request becomes one call, one token-ready, one state record without the token, and a moved offset")
  func success() throws {
    let record = world.produce(request(user: 42, key: "k"))
    world.pass(20)
    #expect(world.calls.count == 1)
    #expect(world.events("link-account.token-ready.v1").count == 1)
    #expect(world.offsets[record.partition] == 1)
    let link = try #require(world.link(LinkKey(userId: 42, idempotencyKey: "k")))
    #expect(link.request == nil)
    guard case .succeeded = link.state else {
      Issue.record("The link is \(link.state).")
      return
    }
    let value = StateRecord.link(link).encoded().value ?? []
    #expect(!String(decoding: value, as: UTF8.self).contains("tok"))
    #expect(world.store.journal.isEmpty)
  }

  @Test(
    "A commit tells of each outcome how long its link took, from Kafka's timestamp of the request, or from its replay")
  func durations() throws {
    let asked = world.now.wall + -5000
    world.adapter = { _ in nil }
    world.produce(request(user: 42, key: "k", timestamp: asked))
    world.pass(1000)
    world.answer(world.calls[0], .no("blocked"))
    world.pass(50)
    let first = try #require(links.last)
    #expect((6000...6050).contains(first) && links.count == 1)
    world.adapter = { _ in .token("tok") }
    world.pass(60_000, step: 1000)
    world.produce(replay(user: 42, key: "k"))
    world.pass(200)
    #expect(links.count == 2 && (0...200).contains(links[1]))
  }

  private var links: [Milliseconds] {
    var links: [Milliseconds] = []
    for case .committed(_, _, let more) in world.notes { links += more }
    return links
  }

  @Test("The same request again is settled without a call and without an event, in flight and afterwards")
  func duplicate() {
    world.adapter = { _ in nil }
    world.produce(request(user: 42, key: "k"))
    world.produce(request(user: 42, id: "r2", key: "k"))
    world.pass(20)
    world.answer(world.calls[0], .token("tok"))
    world.pass(20)
    let last = world.produce(request(user: 42, id: "r3", key: "k"))
    world.pass(20)
    #expect(world.calls.count == 1)
    #expect(world.published.count == 1)
    #expect(world.offsets[last.partition] == 3)
  }

  @Test("Copies that come while the store is asked are settled by its one answer, not each by another")
  func storm() {
    let first = world.produce(request(user: 42, key: "k"))
    world.pass(20)
    world.holdsStore = true
    let before = world.store.lookUpCount
    for number in 1...1_000 { world.produce(request(user: 42, id: "r\(number)", key: "k")) }
    world.flushStore()
    world.pass(20)
    #expect(world.store.lookUpCount == before + 1)
    #expect(world.offsets[first.partition] == 1_001)
    #expect(world.calls.count == 1 && world.events("link-account.token-ready.v1").count == 1)
  }

  @Test("The same key with another scope is refused, and the first link goes its way")
  func conflict() {
    world.produce(request(user: 42, key: "k"))
    world.produce(request(user: 42, id: "r2", key: "k", account: 8))
    world.pass(50)
    #expect(world.events("link-account.token-ready.v1").count == 1)
    let refusals = world.events("link-account.refused.v1")
    #expect(refusals.count == 1)
    #expect(refusals.first?.contains("idempotency_conflict") == true)
    #expect(!world.state.keys.contains { if case .mark = $0 { true } else { false } }, "The mark is swept afterwards.")
  }

  @Test("What is malformed is a dead letter, refused where its identity can be read, and the partition moves on")
  func malformed() {
    world.produce(
      SourceRecord(partition: 1, offset: 0, timestamp: world.now.wall, key: nil, value: Array("{".utf8)))
    world.produce(request(user: 42, extra: #","ctidTraderAccountId":7"#))
    world.produce(request(user: 42, id: "good"))
    world.pass(50)
    #expect(world.published(.deadLetters).count == 2)
    #expect(world.events("invalid_request").count == 1)
    #expect(world.events("link-account.token-ready.v1").count == 1)
    #expect(world.offsets[1] == (HomePartition.of(userId: 42, partitionCount: 4) == 1 ? 3 : 1))
  }

  @Test("A record without a value is skipped, and its offset moves")
  func tombstone() {
    world.produce(SourceRecord(partition: 2, offset: 0, timestamp: world.now.wall, key: nil, value: nil))
    world.pass(20)
    #expect(world.published.isEmpty)
    #expect(world.offsets[2] == 1)
  }

  @Test("A request in a foreign partition is moved home with its bytes, and called for only there")
  func moved() throws {
    let home = HomePartition.of(userId: 42, partitionCount: 4)
    let record = world.produce(request(user: 42, partition: (home + 1) % 4))
    #expect(world.calls.isEmpty)
    world.pass(40)
    #expect(world.calls.count == 1)
    #expect(world.link(LinkKey(userId: 42, idempotencyKey: "/area#r1"))?.origin.partition == home)
    let moved = try #require(world.published(.requests).first)
    #expect(moved.partition == home)
    #expect(moved.key == Array("42".utf8))
    #expect(moved.value == record.value)
    #expect(moved.timestamp == record.timestamp)
    #expect(world.offsets[record.partition] == 1)
  }

  @Test("A request older than the retention is refused and dead-lettered; where its link is known it is a duplicate")
  func expired() {
    world.produce(request(user: 42, key: "k"))
    world.pass(20)
    let old = Timestamp(milliseconds: world.now.wall.milliseconds - 46 * 86_400_000)
    world.produce(request(user: 42, key: "k", timestamp: old))
    world.produce(request(user: 42, key: "new", timestamp: old))
    world.pass(20)
    #expect(world.calls.count == 1)
    #expect(world.events("request_expired").count == 1)
    #expect(world.published(.deadLetters).count == 1)
  }

  @Test("A link whose deadline has passed fails without a call")
  func deadline() {
    world.produce(request(user: 42, extra: #","deadline":"2020-01-01T00:00:00Z""#))
    world.pass(20)
    #expect(world.calls.isEmpty)
    #expect(world.events("deadline_exceeded").count == 1)
  }

  @Test("A succeeded link is forgotten after the retention, and its tombstone is committed")
  func retention() {
    world.produce(request(user: 42, key: "k"))
    world.pass(20)
    #expect(world.store.linkCount == 1)
    world.pass(46 * 86_400_000, step: 86_400_000)
    world.pass(100)
    #expect(world.store.linkCount == 0)
    #expect(world.link(LinkKey(userId: 42, idempotencyKey: "k")) == nil)
  }
}
