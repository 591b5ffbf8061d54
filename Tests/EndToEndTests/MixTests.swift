import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension EndToEnd {
  @Suite struct MixTests {
    @Test(
      "Ten thousand mixed requests add up by link; a second run does nothing; offsets set back make no call and no outcome"
    )
    func mix() throws {
      let traffic = Traffic(count: 10_000)
      let emulator = try AdapterEmulator(forDeploymentWith: {
        $0.rules = traffic.rules
        $0.jitter = 10
      })
      defer { emulator.stop() }
      let deployment = try Deployment(kafka: TestKafka.shared, adapterURL: emulator.baseURL)
      let first = try deployment.startWorker()
      let began = uptime()
      try traffic.write(to: deployment)
      try deployment.awaitOutcomes(traffic.answerCount, within: 300, worker: first)
      try deployment.awaitNoLag(worker: first)
      print("10 000 mixed requests: \(Int(uptime() - began)) s")
      let log = try first.stop()
      #expect(log.code == 0)
      #expect(try traffic.contradictions(in: deployment, emulator, logs: [log.errors]) == [])
      #expect(first.log("link.duplicate").count == traffic.duplicateCount)
      #expect(first.log("link.moved").count > 10_000 / 4, "two of the three producers put most records elsewhere")

      let calls = emulator.stats.calls
      let ends = try deployment.ends()
      let second = try deployment.startWorker()
      try second.awaitLanes(deployment.partitions)
      #expect(try second.stop().code == 0)
      #expect(emulator.stats.calls == calls)
      #expect(try deployment.ends() == ends)

      try deployment.resetOffsets()
      #expect(try deployment.offsets().allSatisfy { $0.committed == 0 && $0.end > 1000 })
      let third = try deployment.startWorker()
      try deployment.awaitNoLag(worker: third)
      let thirdLog = try third.stop()
      #expect(thirdLog.code == 0 && emulator.stats.calls == calls)
      #expect(try traffic.contradictions(in: deployment, emulator, logs: [thirdLog.errors], repeats: .any) == [])
    }
  }
}

extension Deployment {
  /// Where the last committed record of each partition stands, in what a worker publishes to others.
  fileprivate func ends() throws -> [TopicRole: [Int32: Int64]] {
    var ends: [TopicRole: [Int32: Int64]] = [:]
    for role in [TopicRole.outcomes, .deadLetters] {
      for record in try records(role) { ends[role, default: [:]][record.partition] = record.offset }
    }
    return ends
  }
}
