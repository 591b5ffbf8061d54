import Glibc
import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension Chaos {
  /// The same request again and again.
  @Suite struct DuplicateTests {
    @Test(
      "A thousand copies of a request from several producers have one outcome, whether its link is in flight, waits or is done; what it cost is bounded"
    )
    func storm() throws {
      let ground = try Ground(settings: ["retry.max.ms": "8000", "adapter.timeout.ms": "30000"]) {
        $0.rules[1_000] = EmulatorRule(latency: 6_000)
        $0.rules[2_000] = EmulatorRule(failure: .status(503, retryAfter: "6"), failFirst: 1)
      }
      defer { ground.emulator.stop() }
      let inFlight = request(1_000)
      let waiting = request(2_000)
      let done = request(3_000)
      let worker = try ground.deployment.startWorker()
      try ground.send([done])
      try ground.deployment.awaitOutcomes(1, worker: worker)
      try ground.send([inFlight, waiting])
      try awaiting("A call under way, and a link that waits") {
        let metrics = try MetricPage(port: worker.adminPort())
        return metrics["linkworker_adapter_calls_in_flight"] == 1 && metrics["linkworker_links_scheduled"] == 1
      }
      let before = try worker.statusBytes("VmHWM")
      let began = uptime()
      try storm(ground, [inFlight, waiting, done])
      #expect(uptime() - began < 60)
      try ground.deployment.awaitOutcomes(3, worker: worker)
      try ground.deployment.awaitNoLag(worker: worker)
      let took = uptime() - began
      let metrics = try MetricPage(port: worker.adminPort())
      #expect(metrics["linkworker_decisions_total{kind=\"duplicate\",code=\"\"}"] == 3_000, "\(metrics.text)")
      let grown = try worker.statusBytes("VmHWM") - before
      #expect(grown < 40_000_000, "bytes")
      print("storm: 3000 duplicates in \(took) s, \(grown / 1024) KiB more at the peak")
      #expect(try worker.stop().code == 0)
      #expect(try ground.deployment.outcomes().map(\.requestID).sorted() == ["1000", "2000", "3000"])
      #expect([1_000, 2_000, 3_000].map { ground.emulator.user($0)?.calls } == [1, 2, 1])
      let report = try ground.deployment.audit()
      #expect(report.isClean && report.total("duplicates") == 3_000, "\(report)")
    }

    private func request(_ user: Int64) -> RequestEvent {
      RequestEvent(id: "\(user)", userID: user, idempotencyKey: "k", accounts: [user])
    }

    /// A thousand copies of each: of kcat's murmur2, of our own writer, without a key, and by CRC32.
    private func storm(_ ground: Ground, _ requests: [RequestEvent]) throws {
      for (partitioner, isKeyed) in [("murmur2_random", true), ("consistent_random", true), ("random", false)] {
        let lines = (0..<250).flatMap { _ in requests.map { (isKeyed ? String($0.userID) : nil, $0.structured) } }
        try ground.deployment.produce(lines: lines, ["-X", "partitioner=\(partitioner)"])
      }
      try ground.send((0..<250).flatMap { _ in requests })
    }

    @Test(
      "Duplicates from producers with other partitioners and codecs, or without a key, are moved home and have one outcome, with two workers of which one is killed"
    )
    func partitioners() throws {
      let ground = try Ground(partitions: 4) {
        $0.latency = 20
        $0.rules[40_000] = EmulatorRule(failure: .status(503), failFirst: 2)
      }
      defer { ground.emulator.stop() }
      let requests = (1...60).map { number in
        RequestEvent(id: "r\(number)", userID: Int64(number * 1_000), idempotencyKey: "k", accounts: [Int64(number)])
      }
      let lines = requests.map { (key: Optional(String($0.userID)), value: $0.structured) }
      let keyless = requests.map { (key: String?.none, value: $0.structured) }
      let first = try ground.deployment.startWorker()
      let second = try ground.deployment.startWorker(["store.directory": ground.deployment.scratch["second"]])
      try awaiting("Both have partitions") {
        !first.log("lane.opened").isEmpty && !second.log("lane.opened").isEmpty
      }
      try ground.deployment.produce(lines: lines, ["-z", "gzip", "-X", "partitioner=consistent_random"])
      try ground.deployment.produce(lines: keyless, ["-z", "snappy"])
      try ground.deployment.awaitOutcomes(15, worker: second)
      first.kill()
      try ground.deployment.produce(lines: lines, ["-z", "lz4", "-X", "partitioner=murmur2_random"])
      try ground.deployment.produce(lines: lines, ["-z", "zstd", "-X", "partitioner=fnv1a"])
      let third = try ground.deployment.startWorker()
      try ground.deployment.awaitOutcomes(60, worker: second)
      try ground.deployment.awaitNoLag(worker: second)
      #expect(try second.stop().code == 0 && third.stop().code == 0)
      let outcomes = try ground.deployment.outcomes()
      #expect(outcomes.map(\.requestID).sorted() == requests.map(\.id).sorted())
      #expect(outcomes.allSatisfy { $0.isA("token-ready") })
      #expect(try ground.deployment.records(.deadLetters).isEmpty)
      // A death may cost a call of each link that was in flight or not committed: of those on one worker.
      for request in requests {
        let calls = ground.emulator.user(request.userID)?.calls ?? 0
        #expect((1...2).contains(calls - (request.userID == 40_000 ? 2 : 0)), "\(request.id): \(calls)")
      }
      let moved = try ground.deployment.records(.requests).filter { record in
        record.headers.contains { $0.name == Array("linkworker.moved-from".utf8) }
      }
      #expect(
        !moved.isEmpty
          && moved.allSatisfy { record in
            guard let event = try? JSONValue(parsing: record.value ?? [], rootLevel: 0),
              let user = event["data"]?["userId"]?.integer
            else { return false }
            return HomePartition.of(userId: user, partitionCount: 4) == record.partition
          })
      let links = try ground.deployment.liveState().values.compactMap {
        if case .link(let link) = $0 { link } else { nil }
      }
      try ground.expectAudit()
      #expect(links.count == 60 && links.allSatisfy { if case .succeeded = $0.state { true } else { false } })
    }
  }
}
