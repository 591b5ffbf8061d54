import Glibc
import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension Chaos {
  /// Partitions that are taken away in the middle of something.
  @Suite struct RevokeTests {
    @Test(
      "A revoke in the middle of a commit waits for it: no transaction outlives it, and nothing is called for twice")
    func revoked() throws {
      let cases = try ["committing", "produced", "prepared", "committed", "ended"].map { try Interrupted(at: $0) }
      for one in cases { try one.interrupt() }
      for one in cases { try one.prove() }
    }

    @Test(
      "A lane that goes and comes back while a call of its is in flight waits for that answer: no user is called twice")
    func returned() throws {
      let fleet = try Fleet(
        bootstrap: TestKafka.shared.bootstrap, latency: 25_000, settings: ["adapter.timeout.ms": "90000"])
      let worker = try fleet.startFirst("owner")
      for partition in 0..<fleet.deployment.partitions { try fleet.ask(1, at: partition) }
      try awaiting("Four calls in flight") { fleet.emulator.stats.concurrent == 4 }
      let guest = try fleet.start("guest", failpoints: "restored:kill")
      #expect(try guest.program.end().code == -SIGKILL)
      try awaiting("The lanes' return", state: { worker.program.tail }) {
        guard let revoked = worker.log.lastIndex(where: { $0.event == "lanes.revoked" }) else { return false }
        return worker.log[revoked...].count { $0.event == "lane.opened" } == 4
      }
      try #require(fleet.emulator.stats.concurrent == 4, "The calls must outlast the lanes' absence.")
      try fleet.awaitAll(worker: worker)
      #expect(fleet.emulator.stats.concurrentMostOfOneUser == 1)
      #expect(try worker.stop().code == 0)
      #expect(try fleet.prove().calls == 4)
    }
  }
}

/// A worker whose partitions are to be shared with another while its transaction is under way.
private final class Interrupted {
  private let fleet: Fleet
  private let point: String
  private let worker: WorkerProcess
  private var guest: WorkerProcess?

  init(at point: String) throws {
    self.point = point
    fleet = try Fleet(
      bootstrap: TestKafka.shared.bootstrap, partitions: 2,
      settings: ["log.level": "debug", "commit.linger.ms": "300"])
    try fleet.openLanes()
    worker = try fleet.startFirst("owner", failpoints: "\(point):wait=6000")
  }

  /// Has another one join while the worker's transaction waits at the failpoint.
  func interrupt() throws {
    try fleet.ask(20)
    try worker.awaitLog("failpoint.waits")
    guest = try fleet.start("guest")
  }

  func prove() throws {
    let guest = try #require(guest)
    try guest.awaitLog("lane.opened")
    try fleet.awaitAll(worker: worker)
    // All of their logs are written when they have ended.
    #expect(try worker.stop().code == 0)
    #expect(try guest.stop().code == 0)
    let committed = try #require(worker.log("transaction.committed").first?.time)
    let joining = try #require(guest.log("worker.started").first?.time)
    let taken = try #require(guest.log("lane.opened").first?.time)
    let log = worker.log
    let end = try #require(log.firstIndex { $0.event == "transaction.committed" })
    let revoke = try #require(log.firstIndex { $0.event == "lanes.revoked" })
    try #require(joining < committed, "\(point): the other one joins while the transaction is under way")
    #expect(end < revoke && committed <= taken, "\(point)")
    print(
      "revoke at \(point): joined \(committed - joining) ms before the commit, opened \(taken - committed) ms after it")
    #expect(try fleet.prove().extraCalls == 0, "\(point)")
  }
}
