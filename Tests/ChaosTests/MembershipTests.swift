import Glibc
import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension Chaos {
  /// Who a worker is to its group and to the transaction coordinator.
  @Suite struct MembershipTests {
    @Test("Of two workers with one transactional id the one that is fenced twice ends with 78, and the other goes on")
    func sharedTransactionalID() throws {
      let fleet = try Fleet(bootstrap: TestKafka.shared.bootstrap, settings: ["instance.id": "same"])
      let first = try fleet.startFirst("one")
      let second = try fleet.start("two")
      try second.awaitLog("lane.opened")
      var rounds = 0
      while first.program.isRunning, second.program.isRunning, rounds < 30 {
        rounds += 1
        try fleet.ask(8)
        try fleet.deployment.awaitOutcomes(fleet.requests.count)
      }
      let isFirst = !first.program.isRunning
      let (loser, winner) = isFirst ? (first, second) : (second, first)
      let end = try loser.program.end()
      #expect(end.code == 78)
      let failure = try #require(loser.log("worker.failed").first)
      #expect(failure.message.contains("another worker uses the transactional id \(fleet.deployment.group).same"))
      #expect(failure.message.contains("instance.id") && failure.message.contains("store.directory"))
      try fleet.ask(40)
      try fleet.awaitAll(worker: winner)
      print("one transactional id: the \(isFirst ? "first" : "second") ended after \(rounds) rounds")
      #expect(try winner.stop().code == 0)
      try fleet.prove()
    }

    @Test("A static member that is back within its session moves no partition, after SIGTERM and after SIGKILL")
    func staticMember() throws {
      let fleet = try Fleet(
        bootstrap: TestKafka.shared.bootstrap, settings: ["kafka.session.timeout.ms": "45000"])
      let stays = try fleet.startFirst("stays", ["kafka.group.instance.id": "a"])
      var returns = try fleet.start("returns", ["kafka.group.instance.id": "b"])
      try returns.awaitLanes(2)
      try awaiting("The shared partitions", state: { stays.program.tail }) { stays.log("lane.opened").count == 6 }
      for isKilled in [false, true] {
        if isKilled { fleet.kill(returns) } else { #expect(try returns.stop().code == 0) }
        returns = try fleet.start("returns", ["kafka.group.instance.id": "b"])
        try returns.awaitLanes(2)
        try fleet.ask(20)
        try fleet.awaitAll(worker: returns)
      }
      #expect(stays.log("lanes.revoked").count == 1 && stays.log("lane.opened").count == 6)
      #expect(try returns.stop().code == 0)
      #expect(try stays.stop().code == 0)
      try fleet.prove()
    }

    @Test("A second worker with one group.instance.id ends the first with 75, which initialises nothing more")
    func replacedMember() throws {
      let fleet = try Fleet(
        bootstrap: TestKafka.shared.bootstrap, settings: ["kafka.group.instance.id": "same", "log.level": "debug"])
      let first = try fleet.startFirst("first")
      try fleet.ask(20)
      try fleet.awaitAll(worker: first)
      let second = try fleet.startFirst("second")
      let end = try first.program.end()
      #expect(end.code == 75)
      let log = first.log
      let failed = try #require(log.firstIndex { $0.event == "worker.failed" })
      #expect(log[failed].message.contains("FENCED_INSTANCE_ID"), "\(log[failed].message)")
      let replaced = try #require(second.log("worker.started").first?.time)
      let late = log.filter { ($0.time ?? replaced) > replaced }.map(\.event)
      #expect(
        !late.contains("restore.done") && !late.contains("lane.opened") && !late.contains("transaction.committed"))
      try fleet.ask(20)
      try fleet.awaitAll(worker: second)
      #expect(try second.stop().code == 0)
      try fleet.prove()
    }

    @Test(
      "A worker that is told to stop while its join waits for a dead member ends with 0, also where it stood still meanwhile, and nobody waits for it",
      arguments: [false, true])
    func stopWhileJoining(isFrozen: Bool) throws {
      let fleet = try Fleet(bootstrap: TestKafka.shared.bootstrap)
      let dead = try fleet.startFirst("dead", ["kafka.session.timeout.ms": "15000"])
      fleet.kill(dead)
      // A member that was left behind would hold the group up for this long.
      let session = ["kafka.session.timeout.ms": "180000"]
      let stopped = try fleet.start(
        "stopped", session.merging(["kafka.debug": "cgrp", "log.level": "debug"]) { $1 })
      try awaiting("Its second join, by the id that the first one brought", state: { stopped.program.tail }) {
        stopped.log("kafka.client").count { $0.message.contains("-> wait-join") } >= 2
      }
      let began = uptime()
      stopped.program.signal(SIGTERM)
      if isFrozen { try freezeWhileClosing(stopped) }
      let end = try stopped.program.end()
      let took = uptime() - began
      #expect(end.code == 0, "\(stopped.program.tail)")
      #expect(stopped.log("lane.opened").isEmpty, "Its join waited.")
      let next = try fleet.start("next", session)
      try next.awaitLanes(fleet.deployment.partitions)
      let whole = uptime() - began
      print("stopped while joining: \(Int(took * 1000)) ms; the next has its lanes after \(Int(whole * 1000)) ms")
      try fleet.ask(20)
      try fleet.awaitAll(worker: next)
      #expect(try next.stop().code == 0)
      try fleet.prove()
    }

    /// Has a worker stand still for longer than a stop may take, from when it has nothing left to do but to close its clients.
    private func freezeWhileClosing(_ worker: WorkerProcess) throws {
      try worker.awaitLog("worker.totals")
      worker.program.signal(SIGSTOP)
      let began = uptime()
      // The worker's own limit has to pass: this is its clock, not a wait for something to come about.
      try awaiting("The end of the limit") { uptime() - began > 11 }
      worker.program.signal(SIGCONT)
    }
  }
}
