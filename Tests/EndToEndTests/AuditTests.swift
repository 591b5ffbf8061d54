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
        // So that a worker is met in the middle, however fast the machine is.
        $0.latency = 40
        $0.jitter = 20
      })
      defer { emulator.stop() }
      let deployment = try Deployment(
        kafka: TestKafka.shared, adapterURL: emulator.baseURL, settings: ["adapter.concurrency": "8"])
      try traffic.write(to: deployment)
      let first = try deployment.startWorker()
      try deployment.awaitOutcomes(300, worker: first)
      first.kill()
      let between = try deployment.audit()
      #expect(between.isClean && between.total("unsettled") ?? 0 > 0, "\(between)")

      let second = try deployment.startWorker()
      let before = try deployment.outcomes().count
      try deployment.awaitOutcomes(before + 100, worker: second)
      let during = try deployment.audit()
      #expect(during.isClean, "\(during)")
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

    @Test(
      "A second outcome and requests that were passed over end with 1 and are named, each by its record, and nothing else is"
    )
    func doctored() throws {
      let emulator = try AdapterEmulator(forDeploymentWith: { _ in })
      defer { emulator.stop() }
      let deployment = try Deployment(kafka: TestKafka.shared, adapterURL: emulator.baseURL)
      let requests = (1...6).map {
        RequestEvent(id: "r\($0)", userID: Int64($0), idempotencyKey: "k", accounts: [7])
      }
      try deployment.produce(lines: requests.map { (nil, $0.structured) }, ["-X", "sticky.partitioning.linger.ms=0"])
      let worker = try deployment.startWorker()
      try deployment.awaitOutcomes(requests.count, worker: worker)
      try deployment.awaitNoLag(worker: worker)
      #expect(try worker.stop().code == 0)
      #expect(try deployment.audit().isClean)

      let doubled = try #require(try deployment.outcomes().first { $0.userID == 4 })
      try deployment.write([
        OutgoingRecord(
          topic: .outcomes, partition: doubled.record.partition, key: doubled.record.key, value: doubled.record.value,
          headers: doubled.record.headers)
      ])
      let lost = (7...8).map { RequestEvent(id: "r\($0)", userID: $0, idempotencyKey: "k", accounts: [7]) }
      for request in lost {
        try deployment.produce(
          request.structured, key: "\(request.userID)", headers: ["content-type=application/cloudevents+json"],
          ["-X", "partitioner=murmur2_random"])
      }
      let unsettled = try deployment.audit()
      #expect(unsettled.kinds == ["second_outcome": 1] && unsettled.total("unsettled") == 2, "\(unsettled)")
      try deployment.resetOffsets(to: "latest")

      let report = try deployment.audit()
      #expect(report.kinds == ["second_outcome": 1, "request_lost": 2], "\(report)")
      let second = try #require(report.findings.first { $0.kind == "second_outcome" })
      #expect(second.userID == 4 && second.idempotencyKey == "k" && second.requestID == "r4")
      #expect(second.offset ?? 0 > doubled.record.offset && second.topic == deployment.topic(.outcomes))
      let named = report.findings.filter { $0.kind == "request_lost" }
      #expect(Set(named.compactMap(\.requestID)) == ["r7", "r8"])
      for finding in named {
        #expect(finding.partition == Int64(HomePartition.of(userId: finding.userID ?? 0, partitionCount: 4)))
      }
      let text = try deployment.run(["audit", "--limit", "1"])
      #expect(text.code == 1 && text.outputText.contains("2 more findings are not told. Try: --limit 3"))
      #expect(Leaks(tokens: try deployment.outcomes().compactMap(\.token)).areAbsent(from: text.output + text.errors))
    }

    @Test("Topics that are missing end with 78, a broker that is away with 69, each with what to try")
    func failures() throws {
      let deployment = try Deployment(
        kafka: TestKafka.shared, adapterURL: "http://127.0.0.1:1", partitions: 1, makesTopics: false)
      let missing = try deployment.run(["audit"])
      #expect(missing.code == 78 && missing.errorText.contains("linkworker topics create"), "\(missing.errorText)")
      let away = try deployment.run(["audit"], with: ["kafka.bootstrap.servers": "127.0.0.1:1"])
      #expect(away.code == 69 && away.output.isEmpty, "\(away.errorText)")
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
