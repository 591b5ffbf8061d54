import LinkCore
import Testing

@Suite("The engine's protocol")
struct EngineProtocolTests {
  let world = EngineWorld()
  init() { world.assignAll() }

  @Test("The first transaction of a lane commits its number and its identity")
  func opening() {
    world.pass(20)
    #expect(world.offsets == [0: 0, 1: 0, 2: 0, 3: 0])
    #expect(world.state.keys.count { if case .identity = $0 { true } else { false } } == 4)
  }

  @Test(
    "However small batches are, and however they end, no offset is committed without the identity of its state",
    arguments: [1, 2, 1000])
  func foundedFirst(_ limit: Int) {
    let world = EngineWorld { $0.commitBatch = limit }
    world.commitResults = [.aborted(reason: "x"), .unknown(reason: "x"), .fencedByGroup(reason: "x")]
    world.refuses = { decision in decision.records.contains { $0.topic == .deadLetters } }
    world.holdsCommits = true
    world.assignAll()
    for partition in 0..<EngineWorld.partitions {
      // The one is refused by the broker, and holds its offset; what comes before it moves the offset without any decision.
      world.produce(
        SourceRecord(partition: partition, offset: 0, timestamp: .init(milliseconds: 0), key: nil, value: nil))
      world.produce(
        SourceRecord(partition: partition, offset: 0, timestamp: .init(milliseconds: 0), key: nil, value: [1]))
    }
    world.holdsCommits = false
    world.flushCommit(.aborted(reason: "x"))
    world.pass(1000)
    // After it was fenced nothing is begun before the next assignment.
    world.assignAll()
    world.pass(3000)
    #expect(world.offsets == [0: 1, 1: 1, 2: 1, 3: 1])
    #expect(world.unfounded.isEmpty)
  }

  @Test("One user has one call at a time, in order of arrival; others do not wait")
  func oneCallOfAUser() {
    world.adapter = { _ in nil }
    for index in 1...3 { world.produce(request(user: 42, id: "r\(index)", key: "k\(index)", account: Int64(index))) }
    world.produce(request(user: 43, id: "other"))
    #expect(world.calls.count == 2)
    world.answer(world.calls[0], .token("a"))
    #expect(world.calls.count == 3)
    #expect(String(decoding: world.calls[2].body, as: UTF8.self).contains("[2]"))
  }

  @Test("No offset passes an unsettled request")
  func prefix() {
    world.adapter = { call in
      String(decoding: call.body, as: UTF8.self).contains(#""userId":1,"#) ? nil : .token("t")
    }
    let home = HomePartition.of(userId: 1, partitionCount: 4)
    let others = (2...200).map(Int64.init).filter { HomePartition.of(userId: $0, partitionCount: 4) == home }
    world.produce(request(user: 1, id: "slow"))
    for user in others { world.produce(request(user: user, id: "r\(user)")) }
    world.pass(100)
    #expect(world.offsets[home] == 0)
    #expect(world.events("link-account.token-ready.v1").count == others.count)
    world.answer(world.calls[0], .token("t"))
    world.pass(100)
    #expect(world.offsets[home] == Int64(others.count + 1))
  }

  @Test("An aborted transaction is tried again with the same decisions and without another call")
  func aborted() {
    world.pass(20)
    world.commitResults = [.aborted(reason: "x"), .aborted(reason: "x")]
    world.produce(request(user: 42))
    world.pass(2000)
    #expect(world.calls.count == 1)
    #expect(world.events("link-account.token-ready.v1").count == 1)
  }

  @Test("A transaction that nobody can tell of is looked up in the state topic", arguments: [true, false])
  func unknown(_ isCommitted: Bool) {
    world.pass(20)
    world.holdsCommits = true
    world.produce(request(user: 42))
    world.pass(20)
    if isCommitted, let batch = world.heldBatch { world.land(batch) }
    world.holdsCommits = false
    world.flushCommit(.unknown(reason: "timed out"))
    world.pass(2000)
    #expect(world.calls.count == 1)
    #expect(world.events("link-account.token-ready.v1").count == 1)
    #expect(world.offsets[HomePartition.of(userId: 42, partitionCount: 4)] == 1)
  }

  @Test("A record that the broker refuses for itself waits alone; the others go on")
  func refused() throws {
    world.pass(20)
    world.holdsCommits = true
    world.produce(request(user: 42, id: "bad"))
    world.produce(request(user: 43, id: "good"))
    world.pass(20)
    world.holdsCommits = false
    let batch = try #require(world.heldBatch)
    world.flushCommit(.refused(decisions: [batch.decisions[0].id: "too large"]))
    world.pass(1000)
    #expect(world.events("link-account.token-ready.v1").count == 1)
    #expect(world.events(#"good"#).count == 1)
    world.pass(31_000, step: 100)
    #expect(world.events("link-account.token-ready.v1").count == 2)
  }

  @Test("However many decisions the broker refuses, other lanes go on; the lane in question takes no more than it may")
  func manyRefused() {
    let world = EngineWorld {
      $0.concurrency = 2
      $0.commitBatch = 4
    }
    world.assignAll()
    world.pass(20)
    let bad = HomePartition.of(userId: 1, partitionCount: 4)
    world.refuses = { $0.partition == bad && !$0.records.isEmpty }
    let users = (1...4000).map(Int64.init)
    let unlucky = users.filter { HomePartition.of(userId: $0, partitionCount: 4) == bad }.prefix(300)
    for user in unlucky {
      world.produce(request(user: user, id: "bad\(user)"))
      world.pass(10)
    }
    #expect(world.pausedLanes == [bad])
    let others = users.filter { HomePartition.of(userId: $0, partitionCount: 4) != bad }.prefix(50)
    for user in others { world.produce(request(user: user, id: "good\(user)")) }
    world.pass(2000)
    #expect(world.events("link-account.token-ready.v1").count == others.count)
    world.refuses = { _ in false }
    world.pass(120_000, step: 100)
    #expect(world.events("link-account.token-ready.v1").count == others.count + unlucky.count)
    #expect(world.pausedLanes.isEmpty)
  }

  @Test("After the group refused a transaction nothing is begun until the next assignment")
  func fenced() {
    world.pass(20)
    world.commitResults = [.fencedByGroup(reason: "ILLEGAL_GENERATION")]
    world.produce(request(user: 42))
    world.pass(5000)
    #expect(world.events("link-account.token-ready.v1").isEmpty)
    world.send(.revoked([0, 1, 2, 3]))
    world.assignAll()
    world.pass(100)
    #expect(world.calls.count == 1, "The journal saves the second call.")
    #expect(world.events("link-account.token-ready.v1").count == 1)
  }

  @Test(
    "A call outlives its lane: its answer is journaled and serves the redelivered request, and the user is not called meanwhile"
  )
  func callOutlivesLane() {
    world.adapter = { _ in nil }
    world.produce(request(user: 42))
    world.send(.revoked([0, 1, 2, 3]))
    world.assignAll()
    world.pass(50)
    #expect(world.calls.count == 1)
    world.answer(world.calls[0], .token("tok"))
    world.pass(50)
    #expect(world.calls.count == 1)
    #expect(world.events("link-account.token-ready.v1").count == 1)
  }

  @Test("The answer to a departed lane's call that comes while the store looks its link up is found all the same")
  func answerDuringLookUp() {
    world.adapter = { _ in nil }
    world.produce(request(user: 42))
    world.send(.revoked([0, 1, 2, 3]))
    world.holdsStore = true
    world.assignAll()
    world.answer(world.calls[0], .token("tok"))
    world.flushStore()
    world.pass(50)
    #expect(world.calls.count == 1)
    #expect(world.events("link-account.token-ready.v1").count == 1)
  }

  @Test(
    "A death after the answer was journaled costs no call; on an empty disk it costs one, and the outcome is one in both",
    arguments: [false, true])
  func death(_ wiped: Bool) {
    world.pass(20)
    world.holdsCommits = true
    world.produce(request(user: 42))
    world.pass(20)
    world.holdsCommits = false
    world.restart(wiped: wiped)
    world.pass(50)
    #expect(world.calls.count == (wiped ? 2 : 1))
    #expect(world.events("link-account.token-ready.v1").count == 1)
  }

  @Test("A mark keeps a redelivered refusal from being published again while an earlier request is unsettled")
  func mark() {
    let home = HomePartition.of(userId: 1, partitionCount: 4)
    world.adapter = { _ in nil }
    world.produce(request(user: 1, id: "slow"))
    world.produce(SourceRecord(partition: home, offset: 0, timestamp: world.now.wall, key: nil, value: [0x7B]))
    world.pass(50)
    #expect(world.published(.deadLetters).count == 1)
    world.restart(wiped: true)
    world.pass(50)
    #expect(world.published(.deadLetters).count == 1)
  }

  @Test("10 000 requests of one user hold neither the offset nor others, and are called for one by one")
  func hotUser() {
    world.adapter = { call in
      String(decoding: call.body, as: UTF8.self).contains(#""userId":42,"#) ? nil : .token("t")
    }
    let home = HomePartition.of(userId: 42, partitionCount: 4)
    for index in 0..<10_000 { world.produce(request(user: 42, id: "r\(index)", account: Int64(index + 1))) }
    world.pass(1500)
    world.produce(request(user: 43, id: "other"))
    world.pass(20)
    #expect(world.events("link-account.token-ready.v1").count == 1)
    #expect(world.calls.count == 2)
    world.adapter = { _ in .token("t") }
    world.answer(world.calls[0], .token("t"))
    world.pass(200)
    #expect(world.offsets[home] ?? 0 >= 10_000)
    #expect(world.events("link-account.token-ready.v1").count == 10_001)
    #expect(world.calls.count == 10_001)
  }

  @Test("While Kafka takes no decisions the adapter is called for no more links than memory is meant for")
  func noCallsWithoutCommits() {
    let world = EngineWorld {
      $0.concurrency = 1
      $0.commitBatch = 1
      $0.retry.initial = 60_000
    }
    world.assignAll()
    world.adapter = { _ in .status(503) }
    for user in 1...50 {
      world.produce(request(user: Int64(user), id: "r\(user)"))
      world.pass(10)
    }
    let before = world.calls.count
    world.holdsCommits = true
    world.pass(120_000, step: 100)
    #expect(world.calls.count > before)
    #expect(world.calls.count - before <= 10)
  }

  @Test("The engine asks for no more records than it can hold")
  func saturation() {
    world.adapter = { _ in nil }
    var taken = 0
    while world.engine.wantsRecords, taken < 100_000 {
      taken += 1
      world.produce(request(user: Int64(taken), id: "r\(taken)"))
    }
    #expect(taken < 5000)
    #expect(world.calls.count == 4, "It begins with few.")
    world.pass(60_000, step: 100)
    #expect(world.calls.count == 64, "Also calls that hang are no more than adapter.concurrency.")
  }

  @Test("A graceful stop settles what is in flight, leaves what waits, and then is finished")
  func stop() {
    let world = EngineWorld { $0.concurrency = 2 }
    world.assignAll()
    world.pass(20)
    world.adapter = { _ in nil }
    for user in 1...5 { world.produce(request(user: Int64(user), id: "r\(user)")) }
    world.send(.stop)
    #expect(!world.isFinished)
    for call in world.calls { world.answer(call, .token("t")) }
    world.pass(50)
    #expect(world.isFinished)
    #expect(world.calls.count == 2)
    #expect(world.events("link-account.token-ready.v1").count == 2)
    world.adapter = { _ in .token("t") }
    world.restart()
    world.pass(100)
    #expect(world.calls.count == 5)
    #expect(world.events("link-account.token-ready.v1").count == 5)
  }

  @Test("An opening of an earlier assignment opens nothing")
  func staleOpening() {
    let world = EngineWorld()
    world.holdsRestores = true
    world.assignAll()
    let stale = world.restoring
    world.send(.revoked([0, 1, 2, 3]))
    world.assignAll()
    for lane in stale {
      world.send(
        .opened(LaneOpening(lane: lane, position: 0, isCommitted: true, identity: nil, marks: [], nextWake: nil)))
    }
    #expect(world.engine.load.open == 0)
  }
}
