import Testing

@testable import LinkCore

@Suite("Deadlines")
struct EngineDeadlineTests {
  private static let began = Timestamp(milliseconds: 1_800_000_000_000)

  /// A request's own deadline, so long after the test's beginning.
  private func within(_ milliseconds: Milliseconds) -> String {
    #","deadline":"\#((Self.began + milliseconds).rfc3339)""#
  }

  @Test(
    "A deadline that passed while the request lay in Kafka fails the link without a call", arguments: [true, false])
  func inKafka(_ isOwn: Bool) {
    let world = EngineWorld { if !isOwn { $0.retry.deadline = 5000 } }
    world.assignAll()
    world.setCalendar(by: 6000)
    world.produce(request(user: 1, extra: isOwn ? within(5000) : ""))
    world.pass(100)
    #expect(world.calls.isEmpty)
    #expect(world.events("deadline_exceeded").count == 1)
  }

  @Test(
    "The request's own deadline counts, and not retry.deadline.ms, be it the sooner or the later",
    arguments: [1000, 9000])
  func own(_ own: Milliseconds) {
    let world = EngineWorld {
      $0.retry.deadline = 5000
      $0.retry.limit = 500
    }
    world.assignAll()
    world.adapter = { _ in .status(503) }
    world.produce(request(user: 1, extra: within(own)))
    world.pass(own - 100)
    #expect(world.published.isEmpty)
    world.pass(300)
    #expect(world.events("deadline_exceeded").count == 1)
    let calls = world.calls.count
    world.pass(10_000)
    #expect(world.calls.count == calls)
  }

  @Test("A request behind its own user's hanging call fails at its deadline", arguments: [400, 3000, 30_000])
  func behindOwnUser(_ deadline: Milliseconds) {
    let world = EngineWorld()
    world.assignAll()
    world.adapter = { _ in nil }
    world.produce(request(user: 1, id: "first"))
    // More than wait in memory: the rest is parked, as are all after a second.
    for index in 1...30 {
      world.produce(request(user: 1, id: "r\(index)", account: Int64(index), extra: within(deadline)))
    }
    world.pass(deadline - 50)
    #expect(world.published.isEmpty)
    world.pass(250)
    #expect(world.events("deadline_exceeded").count == 30)
    #expect(world.calls.count == 1)
    world.answer(world.calls[0], .token("t"))
    world.pass(5000)
    #expect(world.calls.count == 1)
    #expect(world.published(.outcomes).count == 31)
  }

  @Test("retry.deadline.ms ends a parked link, too")
  func parkedWithoutOwn() {
    let world = EngineWorld { $0.retry.deadline = 20_000 }
    world.assignAll()
    world.adapter = { _ in nil }
    for index in 1...20 { world.produce(request(user: 1, id: "r\(index)", account: Int64(index))) }
    world.pass(19_900)
    #expect(world.published.isEmpty)
    world.pass(300)
    #expect(world.events("deadline_exceeded").count == 19, "all but the one under way")
  }

  @Test("A request that waits for a slot fails at its deadline, though no slot comes free")
  func waitingForSlot() {
    let world = EngineWorld { $0.concurrency = 2 }
    world.assignAll()
    world.adapter = { _ in nil }
    for user in 1...2 { world.produce(request(user: Int64(user), id: "r\(user)")) }
    for user in 3...6 { world.produce(request(user: Int64(user), id: "r\(user)", extra: within(2000))) }
    world.pass(1950)
    #expect(world.published.isEmpty)
    world.pass(200)
    #expect(world.events("deadline_exceeded").count == 4)
    #expect(world.calls.count == 2)
  }

  @Test("While the adapter is down a link fails at its deadline, not only at the next probe")
  func breakerOpen() {
    let world = EngineWorld()
    world.assignAll()
    world.adapter = { _ in .status(503) }
    for user in 1...30 { world.produce(request(user: Int64(user), id: "r\(user)")) }
    world.pass(60_000, step: 100)
    #expect(world.engine.load.breaker != .closed)
    let now = world.now.wall
    world.produce(request(user: 50, id: "late", extra: #","deadline":"\#((now + 1500).rfc3339)""#, timestamp: now))
    world.pass(1400)
    #expect(world.published.isEmpty)
    // What is due is looked through once a second meanwhile.
    world.pass(1100)
    #expect(world.events("deadline_exceeded").count == 1)
    #expect(world.engine.load.breaker != .closed)
  }

  @Test("While the credential is refused a link fails at its deadline, not only at the next probe")
  func credentialRefused() {
    let world = EngineWorld()
    world.assignAll()
    world.adapter = { _ in .status(401) }
    world.produce(request(user: 1, id: "first"))
    world.produce(request(user: 2, extra: within(7000)))
    world.pass(6900)
    #expect(world.published.isEmpty)
    world.pass(300)
    #expect(world.events("deadline_exceeded").count == 1)
    #expect(world.calls.count <= 2)
  }

  @Test("A deadline passed while the worker was down fails the scheduled link as soon as it is back")
  func workerDown() {
    let world = EngineWorld()
    world.assignAll()
    world.adapter = { _ in .status(503) }
    world.produce(request(user: 1, extra: within(60_000)))
    world.pass(500)
    let calls = world.calls.count
    world.setCalendar(by: 60_000)
    world.restart()
    world.pass(200)
    #expect(world.calls.count == calls)
    #expect(world.events("deadline_exceeded").count == 1)
  }

  @Test("Of the due links those with the nearest deadline are called first, and every fourth for its wait")
  func order() {
    let world = EngineWorld { $0.concurrency = 1 }
    world.assignAll()
    world.adapter = { _ in .status(503, retryAfter: .delay(10_000)) }
    let users = (1...400).filter { HomePartition.of(userId: $0, partitionCount: 4) == 0 }
    for user in users[..<8] { world.produce(request(user: user, id: "r\(user)")) }
    for user in users[8..<16] {
      world.produce(request(user: user, id: "r\(user)", extra: within(3_600_000 - user)))
    }
    world.pass(100)
    #expect(world.calls.count == 16)
    world.setCalendar(by: 11_000)
    world.adapter = { _ in nil }
    var order: [Int64] = []
    for _ in 0..<16 {
      world.pass(10)
      guard let call = world.calls.last, let key = world.engine.link(ofCall: call.id) else { break }
      order.append(key.userId)
      world.answer(call, .token("t"))
    }
    #expect(order.count == 16)
    #expect(order.prefix(8).filter { $0 >= users[8] } == Array(users[10..<16].reversed()))
    #expect(order.indices.filter { order[$0] < users[8] }.prefix(2) == [3, 7])
    #expect(Set(order.filter { $0 < users[8] }) == Set(users[..<8]))
  }
}
