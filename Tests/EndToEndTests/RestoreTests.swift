import Glibc
import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension EndToEnd {
  /// Restores that take their time, for Kafka gives the worker only so many bytes a second.
  @Suite struct RestoreTests {
    @Test("A restore longer than max.poll.interval.ms keeps the group, and the log and /readyz tell how far it is")
    func longRestore() throws {
      let kafka = try Self.slowKafka()
      let history = try History(on: kafka)
      defer { history.emulator.stop() }
      let links = 8_000
      try history.write(users: 1...Int64(links), rounds: 1) { _ in .succeeded }
      try Self.limit(kafka, bytesPerSecond: 400_000)
      let began = uptime()
      let worker = try history.deployment.startWorker([
        "kafka.client.id": Self.limited, "kafka.max.poll.interval.ms": "6000", "admin.listen": "127.0.0.1:0",
      ])
      let port = try worker.adminPort()
      let progress = try worker.awaitLog("restore.progress")
      try expectFigures(progress.json)
      let page = try HTTPAnswer.get("/readyz", port: port)
      #expect(page.status == 503)
      let check = try #require(try JSONValue(parsing: Array(page.body.utf8))["checks"]?["restored"])
      #expect(check["ok"]?.boolean == false && check["partitions"]?.integer == Int64(history.deployment.partitions))
      try expectFigures(check)

      try worker.awaitLanes(history.deployment.partitions, within: 300)
      #expect(uptime() - began > 6, "it was no longer than what the group waits for a poll")
      #expect(worker.log("restore.progress").count >= 2)
      #expect(worker.log("restore.done").count == 1)
      #expect(worker.log("lanes.revoked").isEmpty)
      try history.ask(for: 1...20)
      try history.ask(for: 100_001...100_020)
      try history.deployment.awaitOutcomes(20, worker: worker)
      try history.deployment.awaitNoLag(worker: worker)
      #expect(history.emulator.stats.calls == 20)
      #expect(try worker.stop().code == 0)
    }

    @Test("A state topic that is compacted while it is restored gives the same state as before, and as after")
    func compactedMeanwhile() throws {
      let kafka = try Self.slowKafka()
      let history = try History(on: kafka)
      defer { history.emulator.stop() }
      let deployment = history.deployment
      let topic = deployment.topic(.state)
      try TestKafka.alter(topic, on: kafka.bootstrap, ["min.compaction.lag.ms": "3600000", "segment.ms": "50"])
      let (links, rounds) = (1_500, 6)
      try history.write(users: 1...Int64(links), rounds: rounds) { user in
        switch user % 3 {
        case 0: .scheduled
        case 1: .succeeded
        default: .tombstoned
        }
      }
      // The segment to which records are added is never compacted: this begins another one in each partition.
      try history.write(users: 90_001...90_100, rounds: 0) { _ in .succeeded }
      let live = try deployment.liveState()
      let written = try deployment.records(.state).count
      // So few that it is not over before the compaction, however long that takes; then it gets more.
      try Self.limit(kafka, bytesPerSecond: 60_000)
      let worker = try deployment.startWorker(["kafka.client.id": Self.limited])
      try worker.awaitLog("restore.progress")
      try TestKafka.alter(
        topic, on: kafka.bootstrap, ["min.compaction.lag.ms": "0", "min.cleanable.dirty.ratio": "0.001"])
      try awaiting("Compaction") { try deployment.records(.state).count < written / 2 }
      #expect(worker.log("restore.done").isEmpty, "the restore was over before the compaction")
      #expect(try deployment.liveState() == live)
      try Self.limit(kafka, bytesPerSecond: 250_000)

      try worker.awaitLanes(deployment.partitions, within: 300)
      let read = try #require(worker.log("restore.done").first?.json["records"]?.integer)
      #expect(read < written, "nothing was compacted before it was read")
      try prove(history, links, worker)
      #expect(try worker.stop().code == 0)

      try Self.limit(kafka, bytesPerSecond: 100_000_000)
      deployment.removeStore()
      let after = try deployment.startWorker()
      try after.awaitLanes(deployment.partitions)
      try prove(history, links, after)
      #expect(try after.stop().code == 0)
    }

    @Test("A worker killed in the middle of a restore goes on behind what its store had, and knows every link as it is")
    func killedMeanwhile() throws {
      let kafka = try Self.slowKafka()
      let history = try History(on: kafka)
      defer { history.emulator.stop() }
      let deployment = history.deployment
      let links: Int64 = 40_000
      for first in stride(from: Int64(1), to: links, by: 8_000) {
        try history.write(users: first...first + 7_999, rounds: 0) { user in
          switch user % 100 {
          case 0: .scheduled
          case 1: .tombstoned
          default: .succeeded
          }
        }
      }
      try Self.limit(kafka, bytesPerSecond: 2_000_000)
      let killed = try deployment.startWorker(["kafka.client.id": Self.limited], failpoints: "absorbed:kill")
      #expect(try killed.program.end(within: 300).code == -SIGKILL)
      #expect(killed.log("restore.done").isEmpty, "the restore was over before the kill")

      try Self.limit(kafka, bytesPerSecond: 100_000_000)
      let worker = try deployment.startWorker()
      try worker.awaitLanes(deployment.partitions, within: 300)
      #expect(worker.log("store.set_aside").isEmpty)
      let read = try #require(worker.log("restore.done").first?.json["records"]?.integer)
      #expect(0 < read && read < links * 3 / 4, "nothing was kept, or nothing was left to read")
      try history.ask(for: 1...500)
      try history.ask(for: links - 499...links)
      let outcomes = Int(links / 100) + 10
      try deployment.awaitOutcomes(outcomes, within: 300, worker: worker)
      try deployment.awaitNoLag(worker: worker)
      #expect(try deployment.outcomes().count == outcomes)
      #expect(history.emulator.stats.calls == Int64(outcomes))
      #expect(history.emulator.users().allSatisfy { $0.userId % 100 < 2 })
      #expect(try worker.stop().code == 0)
    }

    /// What was due is called for, and what was dropped once it is asked for again; what had its token is known.
    private func prove(_ history: History, _ links: Int, _ worker: WorkerProcess) throws {
      try history.ask(for: 1...Int64(links))
      try history.deployment.awaitOutcomes(links * 2 / 3, within: 300, worker: worker)
      try history.deployment.awaitNoLag(worker: worker)
      let outcomes = try history.deployment.outcomes()
      #expect(outcomes.count == links * 2 / 3)
      #expect(history.emulator.stats.calls == Int64(links * 2 / 3))
      #expect(history.emulator.users().allSatisfy { $0.userId % 3 != 1 })
    }

    private func expectFigures(_ json: JSONValue) throws {
      let records = try #require(json["records"]?.integer)
      let remaining = try #require(json["remaining"]?.integer)
      let rate = try #require(json["recordsPerSecond"]?.integer)
      let left = try #require(json["secondsLeft"]?.integer)
      #expect(records > 0 && remaining > 0 && rate > 0 && (1...600).contains(left))
    }

    /// A client of this name is given only so many bytes a second.
    private static let limited = "restoring"

    private static func slowKafka() throws -> RealKafka { try TestKafka.start(extra: ["quota.window.num": "2"]) }

    private static func limit(_ kafka: RealKafka, bytesPerSecond: Int) throws {
      let outcome = try TestKafka.runTool([
        "kafka.admin.ConfigCommand", "--bootstrap-server", kafka.bootstrap, "--alter", "--entity-type", "clients",
        "--entity-name", limited, "--add-config", "consumer_byte_rate=\(bytesPerSecond)",
      ])
      guard outcome.code == 0 else { throw Missing("A limit: \(outcome.outputText)\(outcome.errorText)") }
    }
  }
}
