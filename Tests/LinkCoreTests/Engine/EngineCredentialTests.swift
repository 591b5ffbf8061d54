import Testing

@testable import LinkCore

@Suite("A refused credential")
struct EngineCredentialTests {
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

  @Test("A success of a call that was under way when the credential was refused does not let the calls go on")
  func lateSuccess() throws {
    let world = EngineWorld()
    world.assignAll()
    world.adapter = { _ in nil }
    for user in 1...3 { world.produce(request(user: Int64(user), id: "r\(user)")) }
    world.pass(100)
    let calls = world.calls
    world.answer(try #require(calls.first), .status(401))
    world.pass(50)
    for call in calls.dropFirst() { world.answer(call, .token("tok")) }
    for user in 4...30 { world.produce(request(user: Int64(user), id: "r\(user)")) }
    world.pass(20_000, step: 100)
    #expect(world.calls.count == 3)
    #expect(world.engine.load.credentialRefused)
    #expect(!world.notes.contains(.credentialAccepted))
    #expect(world.events("link-account.token-ready.v1").count == 2)
  }

  @Test("A no that is to be tried again says that the adapter works, and that it took the credential")
  func notYet() {
    let world = EngineWorld { $0.answers = AnswerRules(transientErrmsgs: ["busy"]) }
    world.assignAll()
    world.adapter = { _ in .no("busy") }
    for user in 1...60 { world.produce(request(user: Int64(user), id: "r\(user)")) }
    world.pass(60_000, step: 100)
    #expect(world.engine.load.breaker == .closed)
    #expect(world.published.isEmpty)
    world.adapter = { _ in .status(401) }
    world.pass(60_000, step: 100)
    #expect(world.engine.load.credentialRefused)
    world.adapter = { _ in .no("busy") }
    world.pass(60_000, step: 100)
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

  @Test("A replay begins anew: its first 403 is not final, whatever the link was answered before")
  func forbiddenReplay() {
    let world = EngineWorld()
    world.assignAll()
    world.adapter = { $0.user == 13 ? .status(403) : .token("tok") }
    world.produce(request(user: 13, key: "k"))
    world.pass(1, step: 1)
    world.produce(request(user: 14, id: "r14"))
    world.pass(1000)
    #expect(world.events("user_forbidden").count == 1)
    let before = world.calls.count
    world.produce(request(user: 15, id: "r15"))
    world.produce(replay(user: 13, key: "k"))
    world.pass(5000)
    #expect(world.calls.count - before > 2 && world.events("user_forbidden").count == 1)
    world.adapter = { _ in .token("tok") }
    world.pass(60_000, step: 50)
    #expect(world.events("link-account.token-ready.v1").count == 3)
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

  @Test("Where one user in twenty is forbidden for himself, nobody else is stopped, and each of them fails alone")
  func someForbidden() {
    let world = EngineWorld()
    world.assignAll()
    world.adapter = { call in
      String(decoding: call.body, as: UTF8.self).contains(#""userId":9"#) ? .status(403) : .token("tok")
    }
    var count: Int64 = 0
    func come(_ isForbidden: Bool) {
      count += 1
      world.produce(request(user: (isForbidden ? 90_000 : 10_000) + count, id: "r\(count)"))
      world.pass(50)
    }
    // Two of them come one after the other now and then.
    for number in 1...1000 { come(number % 40 <= 1) }
    for _ in 0..<1000 { come(false) }
    #expect(!world.notes.contains { if case .credentialRefused = $0 { true } else { false } })
    #expect(world.events("user_forbidden").count == 50)
    #expect(world.events("link-account.token-ready.v1").count == 1950)
  }

  @Test("403 to the only user there is fails nothing and stops nobody, for who can say whose fault it is")
  func onlyUser() {
    let world = EngineWorld()
    world.assignAll()
    world.adapter = { _ in .status(403) }
    world.produce(request(user: 13))
    world.pass(3_600_000, step: 500)
    #expect(world.published.isEmpty)
    #expect(world.refusals.isEmpty && world.calls.count > 5)
    world.adapter = { _ in .token("tok") }
    world.pass(900_000, step: 500)
    #expect(world.events("link-account.token-ready.v1").first?.contains(#""attempts":1"#) == true)
  }

  @Test("403 to a probe burns nobody, though its user had one before and others succeeded in between")
  func forbiddenProbe() throws {
    let world = EngineWorld()
    world.assignAll()
    var answer = AdapterAnswer.status(403)
    world.adapter = { $0.user == 13 ? answer : .token("tok") }
    world.produce(request(user: 13))
    answer = .status(401)
    world.pass(1, step: 1)
    world.produce(request(user: 14, id: "r14"))
    world.pass(10) { !world.refusals.isEmpty }
    answer = .status(403)
    let before = world.calls.count
    world.pass(600_000, step: 100)
    #expect((1...20).contains(world.calls.count - before))
    #expect(world.events("link-account.failed.v1").isEmpty)
    let link = try #require(world.link(LinkKey(userId: 13, idempotencyKey: "/area#r1")))
    #expect(link.attempts.map(\.verdict).filter { $0 == .forbidden }.count == 1)
    answer = .token("tok")
    world.pass(120_000, step: 100)
    #expect(world.events("link-account.token-ready.v1").count == 2)
  }

  @Test("While the breaker is open as well there is at most one probe in 30 s, and both end with the first token")
  func breakerToo() {
    let world = EngineWorld()
    world.assignAll()
    world.adapter = { _ in .status(401) }
    for user in 1...30 { world.produce(request(user: Int64(user), id: "r\(user)")) }
    let first = world.calls.count
    world.adapter = { _ in .status(503) }
    world.pass(900_000, step: 100)
    #expect(world.notes.contains(.breakerOpened))
    #expect((10...30).contains(world.calls.count - first))
    #expect(world.engine.load.credentialRefused && world.published.isEmpty)
    world.adapter = { _ in .token("tok") }
    world.pass(300_000, step: 100)
    #expect(world.events("link-account.token-ready.v1").count == 30)
    #expect(world.engine.load.breaker == .closed && !world.engine.load.credentialRefused)
  }

  @Test("A probe whose answer is lost tells nothing: nobody is called meanwhile, and the next probe goes 30 s after it")
  func lostProbe() throws {
    let world = EngineWorld()
    world.assignAll()
    world.adapter = { _ in .status(401) }
    world.produce(request(user: 1))
    world.adapter = { _ in nil }
    world.pass(100) { world.calls.count == 2 }
    let probe = try #require(world.calls.last)
    let began = world.now.uptime
    world.produce(request(user: 2, id: "r2"))
    world.pass(5000)
    #expect(world.calls.count == 2)
    world.answer(probe, .lost(reason: "reset"))
    #expect(world.engine.load.credentialRefused)
    world.pass(24_900, step: 100)
    #expect(world.calls.count == 2)
    world.pass(100) { world.calls.count == 3 }
    #expect((30_000...70_000).contains(world.now.uptime - began))
  }

  @Test(
    "While a credential is rotated, late refusals of calls with the earlier one close nothing and burn nobody",
    arguments: [401, 403])
  func rotation(_ status: Int) throws {
    let world = EngineWorld()
    world.assignAll()
    // Its first 403 is its own, and others succeed after it.
    world.adapter = { $0.user == 13 ? .status(403) : .token("tok") }
    world.produce(request(user: 13))
    world.pass(1, step: 1)
    world.produce(request(user: 14, id: "r14"))
    world.adapter = { _ in nil }
    world.pass(10) { world.calls.count == 3 }
    let late = try #require(world.calls.last)
    world.produce(request(user: 15, id: "r15"))
    let other = try #require(world.calls.last)
    world.pass(100)
    world.answer(other, .status(401))
    #expect(world.engine.load.credentialRefused && world.refusals.count == 1)
    world.send(.credentialChanged)
    world.adapter = { _ in .token("tok") }
    world.produce(request(user: 16, id: "r16"))
    #expect(world.notes.contains(.credentialAccepted))
    world.answer(late, .status(status))
    #expect(!world.engine.load.credentialRefused && world.refusals.count == 1)
    world.pass(60_000, step: 100)
    #expect(world.events("link-account.token-ready.v1").count == 4)
  }

  @Test(
    "The file replaced before anybody is refused: calls with the earlier credential raise no alarm, those with a wrong one do"
  )
  func rotatedEarly() throws {
    let world = EngineWorld()
    world.assignAll()
    world.adapter = { _ in nil }
    world.produce(request(user: 1))
    let early = try #require(world.calls.last)
    world.pass(100)
    world.send(.credentialChanged)
    world.answer(early, .status(401))
    #expect(world.refusals.isEmpty)
    world.adapter = { _ in .status(401) }
    world.pass(2000)
    #expect(world.refusals.count == 1 && world.engine.load.credentialRefused)
  }

  @Test("A 401 fails no link, also where a limit has been lowered below what the link has used up")
  func loweredLimit() {
    let world = EngineWorld()
    world.assignAll()
    world.adapter = { _ in .status(503) }
    world.produce(request(user: 42))
    world.pass(10) { world.calls.count == 5 }
    world.settings.retry.attemptLimit = 3
    world.adapter = { _ in .status(401) }
    world.restart()
    world.pass(100_000, step: 100)
    #expect(world.calls.count > 5 && world.published.isEmpty)
    world.adapter = { _ in .token("tok") }
    world.pass(100_000, step: 100)
    #expect(world.events("link-account.token-ready.v1").count == 1)
  }
}

extension EngineWorld {
  /// Lets time pass until something has come about, or has not for 10 000 steps.
  fileprivate func pass(_ step: Milliseconds, until holds: () -> Bool) {
    for _ in 0..<10_000 where !holds() { pass(step, step: step) }
  }

  /// The alarms over a refused credential.
  fileprivate var refusals: [Note] { notes.filter { if case .credentialRefused = $0 { true } else { false } } }
}

extension AdapterCall {
  /// Whom it is for.
  fileprivate var user: Int64? { (try? JSONValue(parsing: body))?["userId"]?.integer }
}
