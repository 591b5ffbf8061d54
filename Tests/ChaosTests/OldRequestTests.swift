import Foundation
import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension Chaos {
  /// Requests whose records are of another time.
  @Suite struct OldRequestTests {
    @Test(
      "A request older than links are remembered is refused and a dead letter, without a call; a known link's is a duplicate, a future one is served"
    )
    func beyondRetention() throws {
      let ground = try Ground(partitions: 1)
      defer { ground.emulator.stop() }
      // Kafka itself would drop old records, and refuses those that are more than an hour ahead.
      try TestKafka.alter(
        ground.deployment.topic(.requests), on: ground.deployment.bootstrap,
        ["retention.ms": "-1", "message.timestamp.after.max.ms": "9223372036854775807"])
      let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
      let day: Milliseconds = 86_400_000
      let known = ground.request(1, home: 0)
      let old = ground.request(2, home: 0)
      let young = ground.request(3, home: 0)
      let future = ground.request(4, home: 0)
      let worker = try ground.deployment.startWorker()
      try ground.send([known])
      try ground.deployment.awaitOutcomes(1, worker: worker)
      try ground.send([known, old], at: now + -46 * day)
      try ground.send([young], at: now + -44 * day)
      try ground.send([future], at: now + 400 * day)
      try ground.send([old, young, future, known], at: now)
      try ground.deployment.awaitOutcomes(5, worker: worker)
      try ground.deployment.awaitNoLag(worker: worker)
      #expect(try worker.stop().code == 0)

      let outcomes = try ground.deployment.outcomes()
      let refused = outcomes.filter { $0.isA("refused") }
      #expect(refused.map(\.requestID) == ["r2"] && refused.first?.code == "request_expired")
      // The same request sent anew is young, and its link was never made.
      #expect(outcomes.filter { $0.isA("token-ready") }.map(\.requestID).sorted() == ["r1", "r2", "r4"])
      // One that is remembered all the same has a deadline, which counts from its record.
      let failed = outcomes.filter { $0.isA("failed") }
      #expect(failed.map(\.requestID) == ["r3"] && failed.first?.code == "deadline_exceeded")
      let letters = try ground.deployment.records(.deadLetters)
      #expect(letters.count == 1 && letters.first?.value == Array(old.structured.utf8))
      let reason = letters.first?.headers.first { $0.name == Array("__connect.errors.exception.class.name".utf8) }
      #expect(reason?.value == Array("expired".utf8))
      #expect(ground.emulator.stats.calls == 3)
      try awaiting("Four duplicates in the log", state: { worker.program.tail }) {
        worker.log("link.duplicate").count == 4
      }
      try ground.expectAudit()
    }
  }
}
