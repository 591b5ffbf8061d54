import Testing

@testable import LinkCore

@Suite("Answers that leave it open whether a token was made")
struct EngineAmbiguousTests {
  @Test("After retry.ambiguous.attempts of them the link fails with ambiguous_exhausted, whatever else it was answered")
  func exhausted() throws {
    let world = EngineWorld { $0.retry.ambiguousLimit = 3 }
    world.assignAll()
    var answers = [
      AdapterAnswer.lost(reason: "reset"), .status(503), .status(200), .unsent(reason: "refused"), .status(500),
      .lost(reason: "time is up"),
    ]
    world.adapter = { _ in answers.isEmpty ? .token("tok") : answers.removeFirst() }
    world.produce(request(user: 42, key: "k"))
    world.pass(60_000, step: 20)
    #expect(answers.isEmpty && world.calls.count == 6)
    let event = try #require(world.events("link-account.failed.v1").first)
    for part in [#""code":"ambiguous_exhausted""#, #""attempts":5"#, #""retryable":true"#] {
      #expect(event.contains(part))
    }
    #expect(world.link(LinkKey(userId: 42, idempotencyKey: "k"))?.ambiguousCount == 3)
  }

  @Test("An accepted replay has as many of its own")
  func replayed() throws {
    let world = EngineWorld { $0.retry.ambiguousLimit = 2 }
    world.assignAll()
    world.adapter = { _ in .lost(reason: "reset") }
    world.produce(request(user: 42, key: "k"))
    world.pass(10_000)
    #expect(world.calls.count == 2)
    world.produce(replay(user: 42, key: "k"))
    world.pass(10_000)
    #expect(world.calls.count == 4 && world.events("ambiguous_exhausted").count == 2)
  }

  @Test("With both limits reached at once the one that tells more is named")
  func both() {
    let world = EngineWorld {
      $0.retry.ambiguousLimit = 2
      $0.retry.attemptLimit = 2
    }
    world.assignAll()
    world.adapter = { _ in .lost(reason: "reset") }
    world.produce(request(user: 42))
    world.pass(10_000)
    #expect(world.events("ambiguous_exhausted").count == 1)
  }

  @Test("With 0 there is no limit, and the deadline ends the link")
  func unlimited() {
    let world = EngineWorld {
      $0.retry = RetryPolicy(initial: 10, limit: 100, ambiguousLimit: 0, deadline: 60_000)
    }
    world.assignAll()
    world.adapter = { _ in .lost(reason: "reset") }
    world.produce(request(user: 42))
    world.pass(61_000)
    #expect(world.calls.count > RetryPolicy().ambiguousLimit)
    #expect(world.events("deadline_exceeded").count == 1)
  }

  @Test(
    "An adapter that loses every answer for 24 hours fails nobody at the default settings, and makes a bounded number of tokens",
    arguments: [(1, UInt64(1)), (1, 2), (1, 3), (2, 4), (20, 5)])
  func day(_ users: Int, _ seed: UInt64) {
    let world = EngineWorld { $0.seed = seed }
    world.assignAll()
    world.adapter = { _ in .lost(reason: "time is up") }
    for user in 1...Int64(users) { world.produce(request(user: user, id: "r\(user)")) }
    world.pass(86_400_000, step: 10_000)
    #expect(world.published.isEmpty)
    let most = world.state.values.compactMap { if case .link(let link) = $0 { link.ambiguousCount } else { nil } }.max()
    #expect(((100 / users)...260).contains(most ?? 0), "\(most ?? 0)")
    world.adapter = { _ in .token("tok") }
    world.pass(2_000_000, step: 5000)
    #expect(world.events("link-account.token-ready.v1").count == users)
  }

  @Test("An adapter that loses every answer for good ends a link alone well before its deadline")
  func good() {
    let world = EngineWorld()
    world.assignAll()
    world.adapter = { _ in .lost(reason: "time is up") }
    world.produce(request(user: 42))
    world.pass(60 * 3_600_000, step: 20_000)
    #expect(world.calls.count == RetryPolicy().ambiguousLimit && world.events("ambiguous_exhausted").count == 1)
  }
}
