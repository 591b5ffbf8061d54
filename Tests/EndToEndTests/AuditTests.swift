import LinkCore
import LinkKafka
import LinkSandbox
import LinkTestSupport
import Testing

extension EndToEnd {
  /// `linkworker audit` on topics that workers have filled.
  @Suite struct AuditTests {
    @Test(
      "After mixed traffic, a SIGKILL, replays and offsets set back the audit is clean; while it runs nothing is taken for lost"
    )
    func clean() throws {
      let traffic = Traffic(count: 2_000)
      let emulator = try AdapterEmulator(forDeploymentWith: {
        $0.rules = traffic.rules
        $0.latency = 10
        $0.jitter = 10
      })
      defer { emulator.stop() }
      let deployment = try Deployment(
        kafka: TestKafka.shared, adapterURL: emulator.baseURL, settings: ["adapter.concurrency": "16"])
      try traffic.write(to: deployment)
      let first = try deployment.startWorker()
      try deployment.awaitOutcomes(300, worker: first)
      let during = try deployment.audit()
      #expect(during.isClean && during.total("unsettled") ?? 0 > 0, "\(during)")
      first.kill()
      let between = try deployment.audit()
      #expect(between.isClean && between.total("unsettled") ?? 0 > 0, "\(between)")

      let second = try deployment.startWorker()
      try deployment.awaitOutcomes(traffic.answerCount, worker: second)
      try deployment.awaitNoLag(worker: second)
      let replays = try deployment.writeReplays(of: traffic)
      try deployment.awaitOutcomes(traffic.answerCount + replays, worker: second)
      try deployment.awaitNoLag(worker: second)
      #expect(try second.stop().code == 0)
      let report = try deployment.audit()
      #expect(report.isClean, "\(report)")
      #expect(report.total("unsettled") == 0 && report.total("links") == Int64(traffic.links.count))
      #expect(report.total("duplicates") == Int64(traffic.duplicateCount))
      #expect(report.total("deadLetters") == Int64(traffic.deadLetterCount))
      #expect(report.total("moved") ?? 0 > 2_000 / 4)
      #expect(report.total("waiting") == 0 && report.total("replays") ?? 0 > 0)

      try deployment.resetOffsets()
      let third = try deployment.startWorker()
      try deployment.awaitNoLag(worker: third)
      #expect(try third.stop().code == 0)
      let again = try deployment.audit(isAfterReset: true)
      #expect(again.isClean && again.total("repeated") ?? 0 > 0, "\(again)")
      let strict = try deployment.audit()
      #expect(Set(strict.kinds.keys) == ["moved_twice", "refused_twice", "dead_letter_twice"], "\(strict)")
      #expect(strict.kinds["moved_twice"] == report.total("moved"))
    }
  }
}

extension Deployment {
  /// Asks for a replay of every failed link, which fails again, and of one that has succeeded, which is refused; returns how many answers come.
  fileprivate func writeReplays(of traffic: Traffic) throws -> Int {
    let failed = traffic.links.filter { Traffic.isRejected($0.userID) }
    let done = traffic.links.filter { !Traffic.isRejected($0.userID) }.prefix(1)
    let records = (failed + done).map { link in
      let data =
        #"{"userId":\#(link.userID),"idempotencyKey":"\#(link.idempotencyKey)","reason":"again","operator":"test"}"#
      return OutgoingRecord(
        topic: .requests, partition: HomePartition.of(userId: link.userID, partitionCount: partitions),
        key: Array("\(link.userID)".utf8),
        value: Array(
          #"{"specversion":"1.0","id":"replay-\#(link.id)","source":"/replay","type":"link-account.replay-requested.v1","data":\#(data)}"#
            .utf8), headers: [Header("content-type", "application/cloudevents+json")])
    }
    try write(records + records)
    return failed.count + 2 * done.count
  }
}
