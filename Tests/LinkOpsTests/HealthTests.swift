import LinkCore
import LinkTestSupport
import Testing

@testable import LinkOps

@Suite("Health") struct HealthTests {
  let worker = Fixture()

  private func live() throws -> HTTPAnswer {
    let server = try worker.server()
    defer { server.stop() }
    return try HTTPAnswer.get("/livez", port: server.address.port)
  }

  @Test("A worker that has not begun, and one whose loop turns, is alive")
  func alive() throws {
    worker.pass(10 * Health.pulseLimit)
    #expect(try live().status == 200)
    for _ in 0..<100 {
      worker.health.loop.beat(at: worker.now.uptime)
      worker.pass(Health.pulseLimit)
      #expect(worker.health.faults(now: worker.now).isEmpty)
    }
    #expect(try live().body == "{\"live\":true}\n")
  }

  @Test("A loop that has not turned for more than a minute is told with its time, and lives again when it turns")
  func stuckLoop() throws {
    worker.health.loop.beat(at: worker.now.uptime)
    worker.pass(Health.pulseLimit + 1000)
    let answer = try live()
    #expect(answer.status == 503)
    #expect(answer.body == "{\"live\":false,\"reasons\":[\"the loop has not turned for 61 s\"]}\n")
    worker.health.loop.beat(at: worker.now.uptime)
    #expect(try live().status == 200)
  }

  @Test("A commit that does not end for a minute is told; a transaction thread without one is alive however long")
  func stuckCommit() throws {
    worker.health.transactions.beat(at: worker.now.uptime)
    worker.health.transactions.rest()
    worker.pass(100 * Health.pulseLimit)
    #expect(worker.health.faults(now: worker.now).isEmpty)
    worker.health.transactions.beat(at: worker.now.uptime)
    worker.pass(Health.pulseLimit)
    #expect(worker.health.faults(now: worker.now).isEmpty)
    worker.pass(1)
    #expect(worker.health.faults(now: worker.now) == ["a commit has not ended for 60 s"])
  }

  @Test("A restore that waits for hours leaves the worker alive, not ready, and says what it waits for")
  func waitingRestore() throws {
    worker.health.loop.beat(at: worker.now.uptime)
    worker.health.assigned([0, 1])
    worker.health.restore.begin([0: 100, 1: 300], at: worker.now.uptime)
    worker.pass(2000)
    worker.health.restore.read(100, of: 0, remaining: 0)
    worker.health.restore.read(100, of: 1, remaining: 200)
    let figures = worker.health.restore.figures
    #expect(figures.remaining == 200 && figures.records == 200 && figures.rate(at: worker.now.uptime) == 100)
    #expect(page().contains(#""partitions":2,"records":200,"remaining":200,"recordsPerSecond":100,"secondsLeft":2"#))
    worker.health.restore.wait(for: "an open transaction holds the offsets")
    for _ in 0..<600 {
      worker.pass(10_000)
      worker.health.loop.beat(at: worker.now.uptime)
    }
    #expect(worker.health.faults(now: worker.now).isEmpty)
    #expect(worker.failing == ["restored"])
    #expect(page().contains("an open transaction holds the offsets"))
    worker.health.restore.finish(at: worker.now.uptime)
    #expect(worker.health.restore.figures.remaining == 0)
    #expect(worker.health.restore.figures.recordsEver == 200)
  }

  @Test("Ready is only who has an assignment, every lane open, a credential that is taken, an adapter, and commits")
  func ready() {
    #expect(worker.failing == ["assigned", "restored"])
    worker.health.assigned([])
    #expect(worker.failing == [], "an empty assignment is one")
    worker.health.assigned([0, 1])
    #expect(worker.failing == ["restored"])
    worker.health.observe(Fixture.load(open: 2))
    #expect(worker.failing == [])
    worker.health.observe(Fixture.load(open: 2, isRefused: true))
    #expect(worker.failing == ["credential"])
    worker.health.observe(Fixture.load(open: 2, breaker: .open))
    #expect(worker.failing == ["breaker"])
    worker.health.observe(Fixture.load(open: 2))
    worker.health.revoked()
    #expect(worker.failing == ["assigned", "restored"])
    worker.run()
    worker.health.stopping()
    #expect(worker.failing == ["running"])
  }

  @Test("An adapter that hangs leaves the worker unready while a probe is under way or waited for")
  func probing() {
    worker.run()
    worker.health.observe(Fixture.load(open: 2, breaker: .halfOpen, calls: 1))
    #expect(worker.failing == ["breaker"])
    #expect(page().contains(#""state":"half_open""#) && page().contains("nothing that is asked of the adapter"))
    worker.health.observe(Fixture.load(open: 2, breaker: .halfOpen, ready: 1))
    #expect(worker.failing == ["breaker"])
    worker.health.observe(Fixture.load(open: 2, breaker: .halfOpen))
    #expect(worker.failing == [])
    worker.health.observe(Fixture.load(open: 2, breaker: .closed, calls: 64, ready: 9))
    #expect(worker.failing == [])
  }

  @Test("A transaction that has been under way for more than 15 s makes it unready, and its end ready again")
  func slowCommit() {
    worker.run()
    worker.health.transactions.beat(at: worker.now.uptime)
    worker.pass(Health.transactionLimit)
    #expect(worker.failing == [])
    worker.pass(1000)
    #expect(worker.failing == ["commits"])
    #expect(page().contains("a transaction has not come to its end for 16 s"))
    #expect(worker.health.faults(now: worker.now).isEmpty, "it lives: a frozen broker is no reason to start anew")
    worker.health.transactions.rest()
    #expect(worker.failing == [])
  }

  @Test("A transaction of which nobody knows for more than 15 s how it ended makes it unready, until that is known")
  func unknownCommit() {
    for end in [Note.TransactionFault.aborted, nil] {
      worker.run()
      fail(.unknown)
      worker.pass(Health.transactionLimit)
      #expect(worker.failing == [])
      worker.pass(1)
      #expect(worker.failing == ["commits"])
      if let end { fail(end) } else { worker.run() }
      #expect(worker.failing == [])
    }
  }

  @Test("A lane that stands still is named with its reason, until it opens or goes")
  func blocked() {
    worker.run()
    worker.health.observe(.laneBlocked(partition: 1, reason: "its \"offset\" is lost"), wall: worker.now.wall)
    worker.health.observe(Fixture.load(open: 1))
    #expect(worker.failing == ["unblocked"])
    #expect(page().contains(#""partitions":["partition 1: its \"offset\" is lost"]"#))
    #expect(worker.health.laneCounts == [.open: 1, .restoring: 0, .blocked: 1])
    worker.health.assigned([0, 1])
    #expect(worker.health.laneCounts == [.open: 0, .restoring: 2, .blocked: 0])
  }

  @Test("A store that cannot do its work makes it unready with the reason, until it can")
  func failingStore() {
    worker.run()
    worker.health.storeFailed("the disk is full")
    #expect(worker.failing == ["store"])
    #expect(page().contains(#""store":{"ok":false,"reason":"the disk is full"}"#))
    #expect(worker.health.faults(now: worker.now).isEmpty, "it lives: it goes on by itself")
    worker.health.storeRecovered()
    #expect(worker.failing == [])
  }

  @Test("Three transactions in a row that fail make it unready with the reason; one commit makes up for them")
  func failing() {
    worker.run()
    for fault in [Note.TransactionFault.aborted, .unknown] { fail(fault) }
    // These say nothing against Kafka.
    for fault in [Note.TransactionFault.fenced, .refused] { fail(fault) }
    #expect(worker.failing == [])
    fail(.aborted)
    #expect(worker.failing == ["commits"])
    #expect(page().contains("the broker is away") && page().contains(#""failedInARow":3"#))
    worker.run()
    worker.pass(5000)
    #expect(worker.failing == [])
    #expect(page().contains(#""secondsSinceLast":5,"failedInARow":0"#))
  }

  private func fail(_ fault: Note.TransactionFault) {
    worker.health.observe(
      .commitFailed(fault, reason: "the broker is away", inARow: 1, took: 1), wall: worker.now.wall)
  }

  private func page() -> String { String(decoding: worker.health.readyPage(now: worker.now).body, as: UTF8.self) }
}
