import Testing

@testable import LinkCore

@Suite("Answers and retries")
struct EngineRetryTests {
  @Test("A transient failure is scheduled durably, settles its request, and is called again when due")
  func transient() throws {
    let world = EngineWorld()
    world.assignAll()
    var answers = [AdapterAnswer.status(503), .token("tok")]
    world.adapter = { _ in answers.removeFirst() }
    let record = world.produce(request(user: 42, key: "k"))
    world.pass(6, step: 1)
    #expect(world.offsets[record.partition] == 1)
    world.pass(600)
    #expect(world.calls.count == 2)
    #expect(world.events("link-account.token-ready.v1").first?.contains(#""attempts":2"#) == true)
    let link = try #require(world.link(LinkKey(userId: 42, idempotencyKey: "k")))
    #expect(link.attempts.map(\.verdict) == [.transient, .succeeded])
  }

  @Test("When the calendar is set back by a month, what waits is called soon all the same, and once")
  func calendarSetBack() {
    let world = EngineWorld()
    world.assignAll()
    world.adapter = { [unowned world] _ in world.calls.count <= 10 ? .status(503) : .token("tok") }
    for user in Int64(1)...10 { world.produce(request(user: user, id: "r\(user)")) }
    #expect(world.calls.count == 10)
    world.setCalendar(by: -30 * 86_400_000)
    world.pass(60_000, step: 100)
    #expect(world.events("link-account.token-ready.v1").count == 10)
    #expect(world.calls.count == 20)
  }

  @Test("The wait doubles up to its limit, with full jitter")
  func backoff() {
    let policy = RetryPolicy(initial: 500, limit: 60_000)
    #expect(
      (1...10).map { policy.ceiling(afterAttempts: $0) } == [
        500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000,
      ])
    #expect(policy.ceiling(afterAttempts: 1_000_000) == 60_000)
  }

  @Test(
    "Retry-After is a floor, capped at the longest wait",
    arguments: [
      (RetryAfter.delay(5000), Int64(5000)), (.delay(.max), 60_000),
      (.date(Timestamp(milliseconds: 1_800_000_007_000)), 7000),
      (.date(Timestamp(milliseconds: .max)), 60_000), (.delay(-1), 0),
    ])
  func retryAfter(_ header: RetryAfter, _ floor: Int64) {
    let policy = RetryPolicy(initial: 1, limit: 60_000)
    let now = Timestamp(milliseconds: 1_800_000_000_000)
    var random = SeededRandom(seed: 3)
    let scope = LinkScope(brokerNames: ["b"], accounts: .all)
    let link = Link(
      key: LinkKey(userId: 1, idempotencyKey: "k"), fingerprint: scope.fingerprint(userId: 1, sha256: zeroDigest),
      state: .scheduled(due: now),
      request: LinkRequest(id: "i", source: "s", userId: 1, idempotencyKey: "k", scope: scope),
      origin: .init(partition: 0, offset: 0, timestamp: now), attemptCount: 1)
    let next = policy.next(for: link, retryAfter: header, now: now, stateRetention: .max, random: &random)
    guard case .retry(let due, _) = next else {
      Issue.record("Exhausted.")
      return
    }
    #expect((floor...max(floor, 1)).contains(due - now))
  }

  @Test("After retry.attempts the link fails with attempts_exhausted")
  func exhausted() {
    let world = EngineWorld { $0.retry.attemptLimit = 3 }
    world.assignAll()
    world.adapter = { _ in .status(500) }
    world.produce(request(user: 42))
    world.pass(10_000)
    #expect(world.calls.count == 3)
    #expect(world.events("attempts_exhausted").count == 1)
  }

  @Test("What was never sent does not count towards retry.attempts")
  func unsent() {
    let world = EngineWorld { $0.retry.attemptLimit = 1 }
    world.assignAll()
    var answers: [AdapterAnswer] = [.unsent(reason: "refused"), .unsent(reason: "refused"), .token("tok")]
    world.adapter = { _ in answers.removeFirst() }
    world.produce(request(user: 42))
    world.pass(5000)
    #expect(world.events("link-account.token-ready.v1").first?.contains(#""attempts":1"#) == true)
  }

  @Test("A link that is never answered well fails at its deadline, not before")
  func deadline() {
    let world = EngineWorld {
      $0.retry.deadline = 60_000
      $0.retry.limit = 5000
    }
    world.assignAll()
    world.adapter = { _ in .status(503) }
    world.produce(request(user: 42))
    world.pass(59_000)
    #expect(world.published.isEmpty)
    world.pass(2000)
    #expect(world.events("deadline_exceeded").count == 1)
  }

  @Test("401 stops the calls but for one probe in 30 s, fails no link, and all succeed once it is taken")
  func credential() {
    let world = EngineWorld()
    world.assignAll()
    world.adapter = { _ in .status(401) }
    for user in 1...20 { world.produce(request(user: Int64(user), id: "r\(user)")) }
    let first = world.calls.count
    world.pass(300_000, step: 100)
    #expect(world.published.isEmpty)
    #expect(world.calls.count - first <= 11)
    #expect(world.notes.contains(.credentialRefused(status: 401)))
    world.adapter = { _ in .token("tok") }
    world.pass(120_000, step: 100)
    #expect(world.events("link-account.token-ready.v1").count == 20)
    #expect(world.notes.contains(.credentialAccepted))
  }

  @Test("A changed credential is probed at once, and counts as refused only once it is")
  func renewed() {
    let world = EngineWorld()
    world.assignAll()
    world.adapter = { _ in .status(401) }
    world.produce(request(user: 1, extra: #","deadline":"\#(Timestamp(milliseconds: 1_800_000_005_000).rfc3339)""#))
    world.pass(6000)
    #expect(world.events("deadline_exceeded").count == 1)
    #expect(world.engine.load.credentialRefused)
    world.send(.credentialChanged)
    #expect(!world.engine.load.credentialRefused)
    world.produce(request(user: 2, id: "r2"))
    #expect(world.calls.count == 2, "at once")
    #expect(world.engine.load.credentialRefused, "it is wrong too")
    #expect(world.notes.count { $0 == .credentialRefused(status: 401) } == 2)
    world.adapter = { _ in .token("tok") }
    world.send(.credentialChanged)
    world.produce(request(user: 3, id: "r3"))
    world.pass(40_000, step: 100)
    #expect(world.events("link-account.token-ready.v1").count == 2)
    #expect(world.notes.contains(.credentialAccepted))
  }

  @Test("While the credential is refused its file is looked at each second, also where nobody waits")
  func watched() {
    let world = EngineWorld()
    world.assignAll()
    world.adapter = { _ in .status(401) }
    world.produce(request(user: 1, extra: #","deadline":"\#(Timestamp(milliseconds: 1_800_000_005_000).rfc3339)""#))
    world.pass(6000)
    let before = world.credentialLooks
    world.pass(10_000)
    #expect((9...11).contains(world.credentialLooks - before))
  }

  @Test("The second 403 of a link is final where others succeeded in between, and only there")
  func forbidden() {
    let world = EngineWorld()
    world.assignAll()
    world.adapter = { call in
      String(decoding: call.body, as: UTF8.self).contains(#""userId":13,"#) ? .status(403) : .token("tok")
    }
    world.produce(request(user: 13))
    world.pass(2000)
    #expect(world.published.isEmpty, "Nobody else has succeeded.")
    for user in 100..<200 {
      world.produce(request(user: Int64(user), id: "r\(user)"))
      world.pass(1000)
    }
    #expect(world.events("user_forbidden").count == 1)
    #expect(world.notes.allSatisfy { if case .credentialRefused = $0 { false } else { true } })
  }

  @Test("403 for two users with no success between is the credential's fault and fails nobody")
  func forbiddenForAll() {
    let world = EngineWorld()
    world.assignAll()
    world.adapter = { _ in .status(403) }
    for user in 1...5 { world.produce(request(user: Int64(user), id: "r\(user)")) }
    world.pass(100_000, step: 100)
    #expect(world.published.isEmpty)
    #expect(world.notes.contains(.credentialRefused(status: 403)))
  }

  @Test(
    "An answer that is judged by its status or body, row by row",
    arguments: [
      (AdapterAnswer.status(307), Attempt.Verdict.credential), (.status(401), .credential), (.status(429), .transient),
      (.status(408), .transient), (.status(425), .transient), (.status(500), .transient), (.status(404), .rejected),
      (.no("x"), .rejected), (.status(200), .ambiguous), (.lost(reason: "x"), .ambiguous),
      (.unsent(reason: "x"), .unsent), (.token("t"), .succeeded),
    ])
  func classified(_ answer: AdapterAnswer, _ verdict: Attempt.Verdict) {
    let world = EngineWorld()
    world.assignAll()
    var first = true
    world.adapter = { _ in
      defer { first = false }
      return first ? answer : nil
    }
    world.produce(request(user: 42))
    let verdicts = world.notes.compactMap { note -> Attempt.Verdict? in
      guard case .called(_, let verdict, _, _, _) = note else { return nil }
      return verdict
    }
    #expect(verdicts == [verdict])
  }
}

private let zeroDigest: SHA256Function = { _ in
  guard let digest = Digest([UInt8](repeating: 0, count: 32)) else { preconditionFailure("32 bytes are a digest") }
  return digest
}
