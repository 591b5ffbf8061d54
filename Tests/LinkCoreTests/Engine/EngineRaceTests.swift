import LinkCore
import Testing

/// Orders of events that the simulation found.
@Suite("Races of the engine")
struct EngineRaceTests {
  private let world = EngineWorld()

  init() {
    world.assignAll()
    world.pass(20)
  }

  @Test("A replay that was refused stays so when it is delivered again, though its link has failed since")
  func replayRefusedForGood() throws {
    let home = HomePartition.of(userId: 1, partitionCount: 4)
    let user = try #require((2...200).first { HomePartition.of(userId: $0, partitionCount: 4) == home })
    world.adapter = { _ in nil }
    world.produce(request(user: 1, id: "holds the offset"))
    world.produce(request(user: Int64(user), id: "r", key: "k"))
    world.produce(replay(user: Int64(user), key: "k"))
    world.answer(world.calls[1], .no("no"))
    world.pass(50)
    #expect(world.events("link-account.refused.v1").count == 1)
    #expect(world.events("link-account.failed.v1").count == 1)
    world.restart(wiped: true)
    world.pass(50)
    #expect(world.events("link-account.refused.v1").count == 1)
    #expect(world.link(LinkKey(userId: Int64(user), idempotencyKey: "k"))?.replay == 0)
  }

  @Test(
    "A link from the schedule that waits, parked, for its own call of an earlier assignment is served by that call's answer"
  )
  func parkedBehindItself() {
    callFromSchedule()
    world.send(.revoked([0, 1, 2, 3]))
    world.assignAll()
    world.pass(50)
    world.answer(world.calls[1], .token("tok"))
    world.pass(50)
    #expect(world.calls.count == 2)
    #expect(world.events("link-account.token-ready.v1").count == 1)
  }

  @Test("So is one that the store is just being asked for")
  func answeredDuringScan() {
    callFromSchedule()
    world.send(.revoked([0, 1, 2, 3]))
    world.holdsStore = true
    world.assignAll()
    world.pass(10)
    world.answer(world.calls[1], .token("tok"))
    world.flushStore()
    world.pass(50)
    #expect(world.calls.count == 2)
    #expect(world.events("link-account.token-ready.v1").count == 1)
  }

  @Test("A link that is parked while the store is asked for parked ones has its turn")
  func parkedMeanwhile() {
    world.adapter = { _ in nil }
    for key in ["a", "b", "c"] { world.produce(request(user: 42, id: key, key: key)) }
    // The two that wait are held up, settled as scheduled, and parked.
    world.pass(1500)
    for index in 0...1 {
      world.answer(world.calls[index], .status(503, retryAfter: .delay(5000)))
      world.pass(50)
    }
    #expect(world.calls.count == 3)
    world.holdsStore = true
    // Both are due by then. The question for them is on its way before the one for parked links.
    world.pass(6000, step: 6000)
    world.answer(world.calls[2], .token("tok"))
    world.flushStore()
    world.adapter = { _ in .token("tok") }
    for call in world.calls.dropFirst(3) { world.answer(call, .token("tok")) }
    world.pass(200)
    #expect(world.events("link-account.token-ready.v1").count == 3)
  }

  @Test(
    "A journaled answer serves the request that it names alone: another of the same scope, which makes the link, is called for"
  )
  func answerOfAnotherRequest() throws {
    world.holdsCommits = true
    let first = world.produce(request(user: 42, id: "a", key: "k"))
    world.pass(20)
    #expect(world.store.journal.count == 1)
    world.holdsCommits = false
    // It has expired, say, or was refused by another owner of the partition.
    world.requests[first.partition]?[Int(first.offset)].value = nil
    world.restart()
    world.produce(request(user: 42, id: "b", key: "k"))
    world.pass(50)
    #expect(world.calls.count == 2)
    let outcomes = world.events("link-account.token-ready.v1")
    #expect(outcomes.count == 1 && outcomes[0].contains(#""requestId":"b""#))
    #expect(world.store.journal.isEmpty)
  }

  /// A link whose second call, made from the schedule, is under way.
  private func callFromSchedule() {
    world.adapter = { _ in nil }
    world.produce(request(user: 42))
    world.answer(world.calls[0], .status(503))
    world.pass(1000)
    #expect(world.calls.count == 2)
  }
}
