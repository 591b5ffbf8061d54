import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension Chaos {
  /// Row 36: a dead letter that Kafka will not have.
  @Suite struct DeadLetterTests {
    @Test(
      "Where dead letters may not be written any more, or are too large for their topic, their lane alarms and waits; links go on"
    )
    func refused() throws {
      let ground = try GuardedLoad(on: SecureKafka.shared)
      let (load, deployment) = (ground.load, ground.load.deployment)
      let worker = try load.startWorker()
      try load.ask(20)
      try deployment.awaitOutcomes(20, worker: worker)

      let write = ground.rule(.write, .deadLetters)
      try ground.forbid(write)
      try refuse(ground, worker, "no event", saying: "authorization failed")
      try ground.allow(write)
      try deployment.awaitNoLag(worker: worker)
      #expect(try deployment.records(.deadLetters).count == 1)

      // The worker knows the limit that its topic had when it started.
      let letters = deployment.topic(.deadLetters)
      try TestKafka.alter(letters, on: ground.kafka.kafka.bootstrap, ["max.message.bytes": "2000"])
      try refuse(ground, worker, String(repeating: "x", count: 20_000), saying: "too large")
      try TestKafka.alter(letters, on: ground.kafka.kafka.bootstrap, ["max.message.bytes": "1114112"])
      try load.prove(worker: worker)
      let found = try deployment.records(.deadLetters)
      #expect(found.count == 2 && found.contains { $0.value?.count == 20_000 }, "each once, and whole")
      #expect(try worker.stop().code == 0)
    }

    /// A malformed record in partition 0 is refused as a dead letter; links of both partitions have their outcomes all the same, and only the
    /// offset of partition 0 waits.
    private func refuse(
      _ ground: GuardedLoad, _ worker: WorkerProcess, _ value: String, saying words: String
    ) throws {
      let (load, deployment) = (ground.load, ground.load.deployment)
      let before = worker.log("decision.refused").count
      try ground.writeMalformed(value, partition: 0)
      try worker.awaitLines(1, of: "decision.refused", past: before)
      let alarm = try #require(worker.log("decision.refused").last)
      #expect(alarm.level == "error" && alarm.json["partition"]?.integer == 0)
      let message = alarm.message
      #expect(message.lowercased().contains(words) && message.contains("Try: "), "\(message)")
      try load.ask(20)
      try deployment.awaitOutcomes(load.requests.count, worker: worker)
      try awaiting("No lag in partition 1") {
        try deployment.offsets().contains { $0.partition == 1 && $0.committed == $0.end }
      }
      #expect(try deployment.offsets().contains { $0.partition == 0 && $0.committed != $0.end }, "its offset waits")
      #expect(worker.program.isRunning)
    }
  }
}
