import Testing

@testable import LinkCore

@Suite("An adapter that is down for long")
struct EngineOutageTests {
  @Test(
    "Down for 24 hours while requests come: nobody fails, Kafka is hardly written to, only probes are sent, and then all succeed"
  )
  func day() throws {
    let world = EngineWorld()
    world.assignAll()
    for user in Int64(1)...200 { world.produce(request(user: user, id: "r\(user)", timestamp: world.now.wall)) }
    world.pass(1000)
    #expect(world.events("link-account.token-ready.v1").count == 200)
    world.adapter = { _ in .status(503) }
    let (calls, writes) = (world.calls.count, world.stateWrites)
    let count: Int64 = 240
    for user in 201...200 + count {
      world.produce(request(user: user, id: "r\(user)", timestamp: world.now.wall))
      world.pass(360_000, step: 1000)
    }
    #expect(world.engine.load.breaker != .closed)
    #expect(world.published(.outcomes).count == 200 && world.published(.deadLetters).isEmpty)
    #expect(world.engine.load.ready <= world.settings.dueLimit)
    #expect(world.engine.load.calls <= 1)
    for partition in 0..<EngineWorld.partitions {
      #expect(world.offsets[partition] == Int64(world.requests[partition]?.count ?? 0))
    }
    // One call in ten seconds at most, but for those that found out.
    let probes = world.calls.count - calls
    #expect((4000...86_400 / 10 + 40).contains(probes), "\(probes)")
    // Each request once, and each probe's link.
    #expect(world.stateWrites - writes <= Int(count) + probes, "\(world.stateWrites - writes)")

    world.adapter = { _ in .token("tok") }
    world.pass(1_000_000, step: 200)
    #expect(world.events("link-account.token-ready.v1").count == 200 + Int(count))
    #expect(world.calls.count - calls - probes == Int(count))
    #expect(world.engine.load.breaker == .closed)
  }
}
