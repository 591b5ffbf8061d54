import Testing

@testable import LinkCore

@Suite("The circuit breaker")
struct CircuitBreakerTests {
  @Test("It opens after 20 failures of 5 users without a sign of life, and not one earlier")
  func opens() {
    var breaker = CircuitBreaker()
    for call in 1..<20 as Range<UInt64> {
      #expect(!fail(&breaker, call, Int64(call % 5), at: 0))
      #expect(breaker.admits(uptime: 0))
    }
    #expect(fail(&breaker, 20, 0, at: 0))
    #expect(breaker.state == .open)
    #expect(!breaker.admits(uptime: 999))
    #expect(breaker.admits(uptime: 1000))
  }

  @Test("One user's failures never open it, however many and however long")
  func oneUser() {
    var breaker = CircuitBreaker()
    for call in 1...10_000 as ClosedRange<UInt64> {
      #expect(!fail(&breaker, call, 42, at: Int64(call) * 1000))
    }
    #expect(breaker.state == .closed)
  }

  @Test("A sign of life in between begins the count anew")
  func life() {
    var breaker = CircuitBreaker()
    for call in 1...1000 as ClosedRange<UInt64> {
      if call % 19 == 0 { #expect(!live(&breaker)) }
      #expect(!fail(&breaker, call, Int64(call), at: 0))
    }
  }

  @Test("Calls that were under way when the adapter last worked do not open it, though forty of them end at one moment")
  func underWay() {
    var breaker = CircuitBreaker()
    _ = live(&breaker, at: 4000)
    for call in 1...40 as ClosedRange<UInt64> {
      #expect(!fail(&breaker, call, Int64(call), began: 0, at: 5000))
    }
    for call in 41...59 as ClosedRange<UInt64> { #expect(!fail(&breaker, call, Int64(call), at: 5000)) }
    #expect(fail(&breaker, 60, 60, at: 5000))
  }

  @Test(
    "Where so many of the users always fail, chance does not open it; an outage does, after few calls more",
    arguments: [50, 60, 80])
  func share(_ percent: UInt64) throws {
    var breaker = CircuitBreaker()
    var random = SeededRandom(seed: percent)
    for call in 1...200_000 as ClosedRange<UInt64> {
      if random.next() % 100 < percent {
        try #require(!fail(&breaker, call, Int64(call), at: 0), "after \(call) calls")
      } else {
        _ = live(&breaker)
      }
    }
    let row = try #require((1...300 as ClosedRange<UInt64>).first { fail(&breaker, $0, Int64($0), at: 0) })
    #expect((20...150).contains(row))
  }

  @Test("Where calls are rare, five failures of two users over a minute open it")
  func sparse() {
    var breaker = CircuitBreaker()
    for call in 1...4 as ClosedRange<UInt64> { #expect(!fail(&breaker, call, Int64(call % 2), at: 0)) }
    #expect(!fail(&breaker, 5, 1, at: 59_999))
    #expect(fail(&breaker, 6, 1, at: 60_000))
  }

  @Test("While open it lets single probes through, further and further apart, and a success closes it")
  func probes() throws {
    var breaker = CircuitBreaker()
    for call in 1...20 as ClosedRange<UInt64> { _ = fail(&breaker, call, Int64(call), at: 0) }
    var now: Milliseconds = 0
    var waits: [Milliseconds] = []
    for call in 100..<107 as Range<UInt64> {
      let at = try #require(breaker.probeAt)
      waits.append(at - now)
      now = at
      breaker.noteCall(call, uptime: now)
      #expect(breaker.state == .halfOpen)
      #expect(!breaker.admits(uptime: .max))
      // What was under way before is no answer to the probe.
      #expect(!fail(&breaker, 50, 50, at: now))
      #expect(breaker.state == .halfOpen)
      #expect(!fail(&breaker, call, 1, at: now))
    }
    #expect(waits == [1000, 2000, 4000, 8000, 10_000, 10_000, 10_000])
    #expect(live(&breaker))
    #expect(breaker.admits(uptime: now))
  }

  @Test("An adapter that is down for an hour is probed and not stormed, no link fails, and all succeed once it is back")
  func outage() {
    let world = EngineWorld()
    world.assignAll()
    world.adapter = { _ in .status(503) }
    for user in 1...200 { world.produce(request(user: Int64(user), id: "r\(user)")) }
    world.pass(60_000, step: 100)
    #expect(world.notes.contains(.breakerOpened))
    let atOneMinute = world.calls.count
    world.pass(3_540_000, step: 500)
    #expect(world.calls.count - atOneMinute <= 3540 / 10 + 2)
    #expect(world.published.isEmpty)
    #expect(world.offsets.values.reduce(0, +) == 200, "Every request is settled as scheduled.")
    let written = world.stateWrites
    world.pass(600_000, step: 500)
    #expect(world.stateWrites - written <= 600 / 10 + 2, "Only what a probe tells is written to Kafka.")
    world.adapter = { _ in .token("tok") }
    world.pass(1_000_000, step: 100)
    #expect(world.events("link-account.token-ready.v1").count == 200)
    #expect(world.notes.contains(.breakerClosed))
  }

  @Test("Once its probe is due and nobody waits, an open breaker says nothing of the adapter any more")
  func idle() {
    let world = EngineWorld()
    world.assignAll()
    world.adapter = { _ in .status(503) }
    let deadline = Timestamp(milliseconds: 1_800_000_030_000).rfc3339
    for user in 1...30 {
      world.produce(request(user: Int64(user), id: "r\(user)", extra: #","deadline":"\#(deadline)""#))
    }
    world.pass(10_000, step: 100)
    #expect(world.engine.load.breaker == .open)
    world.pass(60_000, step: 100)
    #expect(world.events("deadline_exceeded").count == 30)
    #expect(world.engine.load.breaker == .halfOpen)
    world.adapter = { _ in .token("tok") }
    world.produce(request(user: 99, id: "r99", timestamp: world.now.wall))
    #expect(world.engine.load.breaker == .closed)
  }

  @Test(
    "An open breaker is tried with a link of which nothing bad is known, though those that always fail have waited longer"
  )
  func probesWithOthers() {
    // Far more of them than a scan of the store brings in, and all have been tried.
    let world = EngineWorld { $0.concurrency = 4 }
    world.assignAll()
    world.adapter = { call in
      String(decoding: call.body, as: UTF8.self).contains(#""userId":5"#) ? .token("tok") : .status(503)
    }
    for user in Int64(1)...800 {
      world.produce(request(user: 10_000 + user, id: "r\(user)"))
      world.produce(request(user: 50_000 + user, id: "s\(user)"))
      world.pass(40, step: 20)
    }
    world.pass(60_000, step: 200)
    #expect(world.engine.load.breaker != .closed)
    #expect(world.events("link-account.token-ready.v1").count == 800)
    world.produce(request(user: 51_000, id: "s801", timestamp: world.now.wall))
    world.pass(CircuitBreaker.probeWaitLimit + 1000, step: 100)
    #expect(world.events("link-account.token-ready.v1").count == 801)
  }

  @Test("One user whose calls always fail keeps nobody else from his token")
  func poisoned() {
    let world = EngineWorld()
    world.assignAll()
    world.adapter = { call in
      String(decoding: call.body, as: UTF8.self).contains(#""userId":13,"#) ? .status(503) : .token("tok")
    }
    world.produce(request(user: 13))
    world.pass(300_000, step: 100)
    world.produce(request(user: 14))
    world.pass(20, step: 1)
    #expect(world.events("link-account.token-ready.v1").count == 1)
  }
}

private func fail(
  _ breaker: inout CircuitBreaker, _ call: UInt64, _ userId: Int64, began: Milliseconds? = nil, at uptime: Milliseconds
) -> Bool {
  breaker.noteFailure(call, userId, began: began ?? uptime, uptime: uptime)
}

private func live(_ breaker: inout CircuitBreaker, at uptime: Milliseconds = 0) -> Bool {
  breaker.noteLife(uptime: uptime)
}
