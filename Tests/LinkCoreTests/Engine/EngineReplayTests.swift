import LinkCore
import Testing

@Suite("Replays in the engine")
struct EngineReplayTests {
  let world = EngineWorld { $0.replayLimit = 2 }
  let key = LinkKey(userId: 42, idempotencyKey: "k")

  init() {
    world.assignAll()
    world.adapter = { _ in .no("unknown user") }
  }

  @Test("A failed link is replayed once for each replay event, and a succeeded one is refused")
  func once() throws {
    fail()
    world.adapter = { _ in .token("tok") }
    world.produce(replay(user: 42, key: "k"))
    world.pass(50)
    #expect(world.events("link-account.token-ready.v1").count == 1)
    let link = try #require(world.link(key))
    #expect(link.replay == 1 && link.replays.map(\.id) == ["p1"])
    #expect(link.replays.first?.operator == "anna" && link.replays.first?.reason == "fixed")
    world.produce(replay(user: 42, key: "k"))
    world.produce(replay(user: 42, key: "k", id: "p2"))
    world.pass(50)
    #expect(world.calls.count == 2)
    #expect(refusals == ["The link has succeeded already: only a failed one can be replayed."])
  }

  @Test("A replay event that comes again after its link has failed anew changes nothing")
  func again() throws {
    fail()
    world.produce(replay(user: 42, key: "k"))
    world.pass(50)
    #expect(world.events("adapter_rejected").count == 2)
    world.produce(replay(user: 42, key: "k"))
    world.pass(50)
    #expect(world.events("adapter_rejected").count == 2 && world.calls.count == 2)
    #expect(world.link(key)?.replay == 1 && refusals.isEmpty)
  }

  @Test("A replay of an unknown link, and of one that waits, is refused and says why")
  func notFailed() {
    world.adapter = { _ in .status(503) }
    world.produce(replay(user: 42, key: "k"))
    world.pass(20)
    world.produce(request(user: 42, key: "k"))
    world.pass(20)
    world.produce(replay(user: 42, key: "k", id: "p2"))
    world.pass(50)
    #expect(
      refusals == [
        "The link is not known: there is nothing to replay.",
        "The link is waiting for its next attempt: only a failed one can be replayed.",
      ])
    #expect(world.link(key)?.replay == 0)
  }

  @Test("Past replay.limit a replay is refused, unless it is forced")
  func limit() throws {
    fail()
    for id in ["p1", "p2", "p3"] {
      world.produce(replay(user: 42, key: "k", id: id))
      world.pass(50)
    }
    #expect(world.link(key)?.replays.map(\.id) == ["p1", "p2"])
    #expect(refusals == ["The link had 2 replays, and replay.limit is 2: only a forced one is accepted."])
    world.adapter = { _ in .token("tok") }
    world.produce(replay(user: 42, key: "k", id: "p4", extra: #","force":true"#))
    world.pass(50)
    let link = try #require(world.link(key))
    #expect(link.replays.map(\.id) == ["p1", "p2", "p4"] && link.replay == 3)
    #expect(world.events("link-account.token-ready.v1").count == 1)
  }

  @Test(
    "Not even a forced replay is accepted once a link has as many as it remembers, so that none of them is done twice")
  func full() {
    fail()
    for number in 1...Link.replayLimit + 1 {
      world.produce(replay(user: 42, key: "k", id: "p\(number)", extra: #","force":true"#))
      world.pass(50)
    }
    #expect(world.link(key)?.replays.count == Link.replayLimit)
    #expect(world.calls.count == 1 + Link.replayLimit)
    #expect(
      refusals == ["The link had 32 replays, as many as can be remembered: not even a forced one is accepted."])
    world.produce(replay(user: 42, key: "k", id: "p1", extra: #","force":true"#))
    world.pass(50)
    #expect(world.calls.count == 1 + Link.replayLimit && refusals.count == 1)
  }

  @Test(
    "A replay's own deadline takes the place of the request's; without one, retry.deadline.ms counts from its acceptance"
  )
  func deadline() throws {
    world.adapter = { _ in .status(503) }
    world.produce(request(user: 42, key: "k", extra: #","deadline":"\#((world.now.wall + 5000).rfc3339)""#))
    world.pass(10_000, step: 100)
    #expect(world.events("deadline_exceeded").count == 1)
    let own = world.now.wall + 60_000
    world.produce(replay(user: 42, key: "k", extra: #","deadline":"\#(own.rfc3339)""#))
    world.pass(59_000, step: 100)
    #expect(world.events("deadline_exceeded").count == 1 && world.link(key)?.request?.deadline == own)
    world.pass(2_000, step: 100)
    #expect(world.events("deadline_exceeded").count == 2)
    world.produce(replay(user: 42, key: "k", id: "p2"))
    world.pass(world.settings.retry.deadline - 3_600_000, step: 600_000)
    #expect(world.link(key)?.request?.deadline == nil && world.events("deadline_exceeded").count == 2)
    world.pass(2 * 3_600_000, step: 600_000)
    #expect(world.events("deadline_exceeded").count == 3)
  }

  /// The link fails for good.
  private func fail() {
    world.produce(request(user: 42, key: "k"))
    world.pass(20)
  }

  /// Why replays were refused.
  private var refusals: [String] {
    world.published(.outcomes).compactMap { record in
      guard let value = record.value, let event = try? JSONValue(parsing: value, rootLevel: 0),
        let error = event["data"]?["error"], error["code"]?.text == "replay_refused"
      else { return nil }
      return error["detail"]?.text?.string
    }
  }
}
