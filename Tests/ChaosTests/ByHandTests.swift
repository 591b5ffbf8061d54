import LinkCore
import LinkKafka
import LinkSandbox
import LinkTestSupport
import Testing

extension Chaos {
  /// Records that somebody wrote to the state topic by hand.
  @Suite struct ByHandTests {
    @Test(
      "What nobody can read in the state topic stops its partition alone, until it is compacted away behind its tombstone; a tombstone stops nothing"
    )
    func garbage() throws {
      let ground = try Ground()
      defer { ground.emulator.stop() }
      let known = [ground.request(1, home: 0), ground.request(2, home: 1)]
      try ground.serve(known)
      try write(#"{"v":1,"kind":"riddle"}"#, ground)
      let fresh = [ground.request(3, home: 0), ground.request(4, home: 1)]
      try ground.send(known + fresh)
      ground.deployment.removeStore()
      let worker = try ground.deployment.startWorker()
      try ground.expectBlocked(worker, partition: 0, ["cannot be read", "riddle", "a tombstone for its key"])
      try ground.deployment.awaitOutcomes(3, worker: worker)
      #expect(try worker.stop().code == 0)
      try ground.expectAudit(["state_unreadable"])

      try TestKafka.alter(
        ground.deployment.topic(.state), on: ground.deployment.bootstrap,
        ["segment.ms": "200", "min.cleanable.dirty.ratio": "0.001", "max.compaction.lag.ms": "200"])
      // Each makes a segment, and so lets the one before be compacted.
      try awaiting("A compacted topic") {
        try write(nil, ground)
        return try !ground.deployment.records(.state).contains {
          $0.partition == 0 && $0.key == Array("by hand".utf8) && $0.value != nil
        }
      }
      let next = try ground.deployment.startWorker()
      try ground.deployment.awaitOutcomes(4, worker: next)
      try ground.deployment.awaitNoLag(worker: next)
      #expect(try next.stop().code == 0)
      try ground.expectOneTokenEach(known + fresh)
      // The audit tells of its tombstones all the same.
      try ground.expectAudit(["state_unreadable"])
    }

    private func write(_ value: String?, _ ground: Ground) throws {
      try ground.deployment.write([
        OutgoingRecord(topic: .state, partition: 0, key: Array("by hand".utf8), value: value.map { Array($0.utf8) })
      ])
    }
  }
}
