import Glibc
import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension Chaos {
  /// The group's number of a partition is gone, or names a record that is not there.
  @Suite struct LostOffsetTests {
    @Test(
      "Where the group's offset is lost the partition stands still and the others go on; from the beginning nobody known is called again"
    )
    func lost() throws {
      let ground = try Ground()
      defer { ground.emulator.stop() }
      let known = [ground.request(1, home: 0), ground.request(2, home: 0), ground.request(3, home: 1)]
      try ground.serve(known)
      try ground.deployment.changeOffsets(["--delete-offsets"], partition: 0)
      let waiting = ground.request(4, home: 0)
      let other = ground.request(5, home: 1)
      try ground.send([waiting, other])

      let worker = try ground.deployment.startWorker()
      try ground.expectBlocked(worker, partition: 0, ["no committed offset", "--from-beginning"])
      try ground.deployment.awaitOutcomes(4, worker: worker)
      try awaiting("The other partition's end") {
        try ground.deployment.offsets().allSatisfy { $0.partition == 0 || $0.committed == $0.end }
      }
      #expect(try ground.deployment.offsets()[0].committed == nil, "nothing is skipped")
      #expect(try worker.stop().code == 0)
      try ground.expectOneTokenEach(known + [other])
      try ground.expectAudit(["offset_missing"])

      let next = try ground.deployment.startWorker(options: ["--from-beginning"])
      try ground.deployment.awaitOutcomes(5, worker: next)
      try ground.deployment.awaitNoLag(worker: next)
      #expect(try next.stop().code == 0)
      #expect(next.log("link.duplicate").count == 2)
      try ground.expectOneTokenEach(known + [other, waiting])
      try ground.expectAudit()
    }

    @Test(
      "A committed offset before what is left, or behind the end, stops its partition alone, which goes on where its operator says"
    )
    func outOfRange() throws {
      let ground = try Ground(partitions: 3)
      defer { ground.emulator.stop() }
      let known = [ground.request(1, home: 0), ground.request(2, home: 1), ground.request(3, home: 2)]
      try ground.serve(known)
      let lost = [ground.request(4, home: 0), ground.request(5, home: 0)]
      let left = [ground.request(6, home: 0), ground.request(7, home: 1), ground.request(8, home: 2)]
      try ground.send(lost + left)
      try ground.deployment.deleteRecords(.requests, partition: 0, before: 3)
      try ground.deployment.commit(offset: 90, partition: 1)

      let worker = try ground.deployment.startWorker()
      try awaiting("Two alarms") { worker.log("lane.blocked").count == 2 }
      let alarms = worker.log("lane.blocked").map(\.message).sorted()
      #expect(alarms.allSatisfy { $0.contains("requests were lost") && $0.contains("set the group's offset") })
      #expect(alarms.contains { $0.contains("offset 1 is not in the partition (3 … 4)") }, "\(alarms)")
      #expect(alarms.contains { $0.contains("offset 90 is not in the partition (0 … 2)") }, "\(alarms)")
      try ground.deployment.awaitOutcomes(4, worker: worker)
      #expect(try worker.stop().code == 0)
      #expect(try ground.deployment.offsets().map(\.committed) == [1, 90, 2])

      // What lies before the offset that was made up counts as settled, and has no end.
      try ground.expectAudit(["offset_out_of_range", "request_lost"])

      try ground.deployment.resetOffsets()
      let next = try ground.deployment.startWorker()
      try ground.deployment.awaitOutcomes(6, worker: next)
      try ground.deployment.awaitNoLag(worker: next)
      #expect(try next.stop().code == 0)
      try ground.expectOneTokenEach(known + left)
      try ground.expectAudit()
    }

    @Test(
      "Where a person has set the group's offsets workers go on from there: before the first start, and after the loss of the state"
    )
    func setByHand() throws {
      let ground = try Ground()
      defer { ground.emulator.stop() }
      let skipped = [ground.request(1, home: 0), ground.request(2, home: 1)]
      let first = [ground.request(3, home: 0), ground.request(4, home: 1)]
      try ground.send(skipped)
      try ground.deployment.resetOffsets(to: "latest")
      try ground.serve(first)
      try ground.expectOneTokenEach(first)

      // The state goes: what a worker committed is nothing to go on from, what a person sets now is.
      try ground.deployment.makeAnew([.state])
      let blocked = try ground.deployment.startWorker()
      try awaiting("Two alarms") { blocked.log("lane.blocked").count == 2 }
      let alarms = blocked.log("lane.blocked").compactMap { $0.json["message"]?.text?.string }
      #expect(alarms.allSatisfy { $0.contains("no identity") && $0.contains("--reset-offsets") }, "\(alarms)")
      #expect(try blocked.stop().code == 0)
      try ground.deployment.resetOffsets(to: "latest")
      let last = [ground.request(5, home: 0), ground.request(6, home: 1)]
      let worker = try ground.deployment.startWorker()
      try ground.send(last)
      try ground.deployment.awaitOutcomes(4, worker: worker)
      try ground.deployment.awaitNoLag(worker: worker)
      #expect(try worker.stop().code == 0)
      try ground.expectOneTokenEach(first + last)
      try ground.expectAudit(["request_lost", "state_missing"])
    }

    @Test(
      "Records that are deleted before a running worker has read them stop their partition with an alarm; the others go on"
    )
    func deletedWhileRunning() throws {
      let ground = try Ground(settings: ["kafka.session.timeout.ms": "60000"])
      defer { ground.emulator.stop() }
      let known = [ground.request(1, home: 0), ground.request(2, home: 1)]
      let worker = try ground.deployment.startWorker(["kafka.fetch.wait.max.ms": "10"])
      try ground.send(known)
      try ground.deployment.awaitOutcomes(2, worker: worker)
      try ground.deployment.awaitNoLag(worker: worker)
      worker.program.signal(SIGSTOP)
      // Its last fetch waits in Kafka for 10 ms; asking for all offsets takes longer.
      try ground.deployment.awaitNoLag()
      let lost = [ground.request(3, home: 0), ground.request(4, home: 0)]
      let left = [ground.request(5, home: 0), ground.request(6, home: 1)]
      try ground.send(lost + left)
      try ground.deployment.deleteRecords(.requests, partition: 0, before: 3)
      worker.program.signal(SIGCONT)

      try ground.expectBlocked(worker, partition: 0, ["the records at the committed offset are gone"])
      try ground.deployment.awaitOutcomes(3, worker: worker)
      try awaiting("The other partition's end") {
        try ground.deployment.offsets().allSatisfy { $0.partition == 0 || $0.committed == $0.end }
      }
      #expect(try ground.deployment.offsets()[0].committed == 1, "nothing is skipped")
      #expect(try worker.stop().code == 0)
      try ground.expectOneTokenEach(known + [left[1]])
      try ground.expectAudit(["offset_out_of_range"])
    }
  }
}
