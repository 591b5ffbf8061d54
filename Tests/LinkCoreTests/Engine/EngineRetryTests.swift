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
    "Retry-After is a floor, capped by itself; what is added at random is a tenth of it at least",
    arguments: [
      (RetryAfter.delay(5000), Int64(5000)), (.delay(.max), 60_000),
      (.date(Timestamp(milliseconds: 1_800_000_007_000)), 7000),
      (.date(Timestamp(milliseconds: .max)), 60_000), (.delay(-1), 0),
      (.date(Timestamp(milliseconds: 0)), 0),
    ])
  func retryAfter(_ header: RetryAfter, _ floor: Int64) {
    let policy = RetryPolicy(initial: 1, limit: 1000, retryAfterLimit: 60_000)
    var random = SeededRandom(seed: 3)
    let waits = (0..<100).compactMap { _ in wait(policy, header, &random) }
    #expect(waits.count == 100)
    #expect(waits.allSatisfy { (floor...floor + max(1, floor / 10)).contains($0) })
    #expect(Set(waits).count > (floor > 0 ? 50 : 1), "All who were told the same do not come back at once.")
    #expect(waits.allSatisfy { $0 <= policy.longestWait })
  }

  @Test("Of a Retry-After nothing is heeded where its cap is 0, and its cap is no matter of retry.max.ms")
  func retryAfterCap() {
    var random = SeededRandom(seed: 3)
    let deaf = RetryPolicy(initial: 10, limit: 1000, retryAfterLimit: 0)
    #expect((0..<100).allSatisfy { _ in wait(deaf, .delay(86_400_000), &random).map { $0 <= 10 } ?? false })
    let patient = RetryPolicy(initial: 10, limit: 10, retryAfterLimit: 3_600_000)
    #expect((wait(patient, .delay(.max), &random) ?? 0) >= 3_600_000)
  }

  private func wait(_ policy: RetryPolicy, _ header: RetryAfter, _ random: inout SeededRandom) -> Milliseconds? {
    let now = Timestamp(milliseconds: 1_800_000_000_000)
    let scope = LinkScope(brokerNames: ["b"], accounts: .all)
    let link = Link(
      key: LinkKey(userId: 1, idempotencyKey: "k"), fingerprint: scope.fingerprint(userId: 1, sha256: zeroDigest),
      state: .scheduled(due: now),
      request: LinkRequest(id: "i", source: "s", userId: 1, idempotencyKey: "k", scope: scope),
      origin: .init(partition: 0, offset: 0, timestamp: now), attemptCount: 1)
    guard
      case .retry(let due, _) = policy.next(
        for: link, retryAfter: header, now: now, stateRetention: 1 << 50, random: &random)
    else { return nil }
    return due - now
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
