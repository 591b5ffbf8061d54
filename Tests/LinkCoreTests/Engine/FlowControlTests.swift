import Testing

@testable import LinkCore

@Suite("Flow control")
struct FlowControlTests {
  @Test("A worker calls as often as its part of the partitions says", arguments: [(4, 80), (2, 40), (1, 20)])
  func share(held: Int32, calls: Int) {
    let world = EngineWorld { $0.callsPerSecond = 8 }
    world.send(.assigned(Array(0..<held)))
    fill(world, 200)
    let before = world.calls.count
    world.pass(10_000)
    #expect(abs(world.calls.count - before - calls) <= 1)
  }

  @Test("A worker whose part is less than one call a second makes one now and then")
  func fraction() {
    let world = EngineWorld { $0.callsPerSecond = 1 }
    world.send(.assigned([0]))
    fill(world, 50)
    let before = world.calls.count
    world.pass(40_000, step: 100)
    #expect((9...11).contains(world.calls.count - before))
  }

  @Test("The engine wakes when the next call may begin")
  func wakes() {
    let world = EngineWorld { $0.callsPerSecond = 2 }
    world.assignAll()
    world.pass(1000)
    fill(world, 10)
    let before = world.calls.count
    world.pass(20, step: 1)
    #expect((200...250).contains(world.engine.wait(now: world.now, limit: 1000)))
    #expect(world.calls.count == before)
    world.pass(300, step: 300)
    #expect(world.calls.count == before + 1)
  }

  @Test(
    "Below what comes in, no more records are taken, a link still ends at its deadline, and what is left is taken later"
  )
  func backpressure() {
    let world = EngineWorld {
      $0.callsPerSecond = 1
      $0.concurrency = 8
    }
    world.assignAll()
    world.pass(100)
    var taken: Int64 = 0
    func take() {
      while world.engine.wantsRecords, taken < 10_000 {
        taken += 1
        let deadline = Timestamp(milliseconds: 1_800_000_030_000).rfc3339
        world.produce(request(user: taken, id: "r\(taken)", extra: taken > 10 ? #","deadline":"\#(deadline)""# : ""))
      }
    }
    take()
    #expect(taken <= 8 * 4 + 1, "The rest stays in Kafka.")
    world.pass(29_000, step: 100)
    #expect(world.events("deadline_exceeded").isEmpty)
    let waiting = world.engine.load.ready
    #expect(waiting > 0)
    world.pass(1200, step: 100)
    #expect(world.events("deadline_exceeded").count >= waiting - 10)
    #expect(world.calls.count <= 33)
    let wantsMore = world.engine.wantsRecords
    #expect(wantsMore)
    take()
    #expect(taken > 4000)
    #expect(world.engine.load.ready < 10, "Who comes after his deadline is not called for.")
  }

  @Test(
    "After an outage calls begin slowly: in the first 10 s at most half as many as later, and all succeed",
    arguments: [503, 401])
  func recovery(status: Int) {
    let world = EngineWorld()
    world.assignAll()
    var number: Int64 = 0
    func come(_ count: Int) {
      for _ in 0..<count {
        number += 1
        world.produce(request(user: number, id: "r\(number)", timestamp: world.now.wall))
        world.pass(20)
      }
    }
    come(1500)
    world.adapter = { _ in .status(status) }
    come(1500)
    #expect(status == 401 || world.notes.contains(.breakerOpened))
    world.adapter = { _ in .token("tok") }
    func isOpen() -> Bool { world.engine.load.breaker != .closed || world.engine.load.credentialRefused }
    for _ in 0..<4000 where isOpen() { world.pass(10) }
    var counts: [Int] = []
    for _ in 0..<3 {
      let before = world.calls.count
      world.pass(10_000)
      counts.append(world.calls.count - before)
    }
    #expect(counts[0] > 10)
    #expect(counts[0] * 2 <= max(counts[1], counts[2]), "They are \(counts).")
    world.pass(180_000, step: 100)
    #expect(world.events("link-account.token-ready.v1").count == 3000)
    #expect(world.engine.load.callsPerSecond == nil)
  }

  @Test("A user with a thousand links goes before nobody else, also where they have deadlines")
  func fairness() {
    let world = EngineWorld { $0.callsPerSecond = 10 }
    world.assignAll()
    world.pass(100)
    let near = #","deadline":"\#(Timestamp(milliseconds: 1_800_000_600_000).rfc3339)""#
    let far = #","deadline":"\#(Timestamp(milliseconds: 1_800_000_900_000).rfc3339)""#
    for number in 1...1000 { world.produce(request(user: 1, id: "h\(number)", extra: near)) }
    for user in Int64(2)...51 { world.produce(request(user: user, id: "r\(user)", extra: user % 2 == 0 ? far : "")) }
    world.pass(11_000)
    let others = world.calls.count { !String(decoding: $0.body, as: UTF8.self).contains(#""userId":1,"#) }
    #expect(others >= 49)
  }

  @Test("However much waits in Kafka, a due link has its turn, and one past its deadline its end")
  func backlog() {
    let world = EngineWorld { $0.concurrency = 2 }
    world.assignAll()
    world.adapter = { _ in .status(503, retryAfter: .delay(1000)) }
    world.produce(request(user: 1))
    let deadline = Timestamp(milliseconds: 1_800_000_030_000).rfc3339
    world.produce(request(user: 2, id: "r2", extra: #","deadline":"\#(deadline)""#))
    world.pass(100)
    world.adapter = { _ in nil }
    let outage = world.calls.count
    var taken: Int64 = 10
    var called: Set<Int64> = []
    for _ in 0..<400 {
      while world.engine.wantsRecords {
        taken += 1
        world.produce(request(user: taken, id: "r\(taken)"))
      }
      for call in world.calls.dropFirst(outage) {
        guard let key = world.engine.link(ofCall: call.id) else { continue }
        called.insert(key.userId)
        world.answer(call, key.userId == 2 ? .status(503) : .token("t"))
      }
      world.pass(100)
    }
    #expect(called.isSuperset(of: [1, 2]))
    #expect(world.events("deadline_exceeded").count == 1)
    #expect(taken > 200)
  }

  @Test("The due links of all lanes together have their room, and each lane its share of it")
  func dueRoom() {
    let world = EngineWorld { $0.concurrency = 4 }
    world.assignAll()
    world.adapter = { _ in .status(503, retryAfter: .delay(10_000)) }
    for user in 1...60 { world.produce(request(user: Int64(user), id: "r\(user)")) }
    world.pass(2000)
    world.adapter = { _ in nil }
    world.setCalendar(by: 60_000)
    world.pass(30_000, step: 100)
    #expect(world.engine.load.ready <= world.settings.dueLimit)
    #expect(world.calls.count > 4)
  }

  @Test("A person who waits goes before a backfill")
  func urgent() {
    let world = EngineWorld { $0.callsPerSecond = 1 }
    world.assignAll()
    world.pass(100)
    fill(world, 40)
    let deadline = (world.now.wall + 120_000).rfc3339
    world.produce(request(user: 7777, id: "person", extra: #","deadline":"\#(deadline)""#))
    world.pass(2100, step: 100)
    let called = world.calls.contains { String(decoding: $0.body, as: UTF8.self).contains(#""userId":7777,"#) }
    #expect(called)
    #expect(world.calls.count < 10)
  }

  @Test("The engine tells what it keeps to")
  func load() {
    let world = EngineWorld { $0.callsPerSecond = 8 }
    world.send(.assigned([0]))
    #expect(world.engine.load.callsPerSecond == 2)
    #expect(world.engine.load.concurrencyLimit == 4)
  }

  /// So many requests of as many users, as far as their partitions are held.
  private func fill(_ world: EngineWorld, _ count: Int64) {
    for user in 1...count { world.produce(request(user: user, id: "r\(user)")) }
  }
}
