import Foundation
import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension EndToEnd {
  /// What waits for the adapter: for a rate that is set, and after an outage.
  @Suite struct FlowControlTests {
    @Test(
      "Far below what comes in, the rate is kept, the group and a bounded window too, a deadline ends its link in time, and nothing is lost"
    )
    func rate() throws {
      let emulator = try AdapterEmulator(forDeploymentWith: { _ in })
      defer { emulator.stop() }
      let deployment = try Deployment(
        kafka: TestKafka.shared, adapterURL: emulator.baseURL, partitions: 1,
        settings: [
          "adapter.concurrency": "4", "commit.batch": "10", "admin.listen": "127.0.0.1:0",
          "kafka.max.poll.interval.ms": "6000",
        ])
      let hurried = (1...4).map { request($0, deadline: 5000) }
      let others = (5...800).map { request($0, deadline: nil) }
      try deployment.write(hurried + others)
      let worker = try deployment.startWorker(["adapter.rate.per.second": "2"])
      let admin = try worker.adminPort()
      try worker.awaitLanes(1)
      // As the worker says: before that there is no call, and what this test sees later than it was is no call too many.
      let opened = try #require(worker.log("lane.opened").first?.time)
      let began = uptime()
      // Longer than the session and the poll interval: who loses the group does so in this time.
      try awaiting("12 s, and a dozen calls", state: { "\(emulator.stats) \(worker.program.tail)" }) {
        let page = try MetricPage(port: admin)
        #expect((page["linkworker_requests_unsettled"] ?? 0) <= 40)
        #expect((page["linkworker_adapter_rate_limit"] ?? 0) <= 2)
        let calls = emulator.stats.calls
        #expect(Double(calls) <= 2 * Double(now() - opened) / 1000 + 4)
        return uptime() - began > 12 && calls >= 12
      }
      try awaiting("An end of those with a deadline: by a call or by it, none of them waits") {
        try deployment.outcomes().count { ($0.userID ?? 0) <= 4 } == 4
      }
      #expect(worker.log("lanes.revoked").isEmpty)
      #expect(try worker.stop().code == 0)

      let unlimited = try deployment.startWorker()
      try deployment.awaitOutcomes(800, worker: unlimited)
      try deployment.awaitNoLag(worker: unlimited)
      #expect(try unlimited.stop().code == 0)
      let report = try deployment.audit()
      #expect(report.findings.isEmpty, "\(report)")
    }

    @Test(
      "An adapter that is back has in the first 10 s at most half the calls of later, never too many at once, and all succeed"
    )
    func recovery() throws {
      let emulator = try AdapterEmulator(forDeploymentWith: { $0.outage = .usual })
      defer { emulator.stop() }
      let count = 6000
      let deployment = try Deployment(
        kafka: TestKafka.shared, adapterURL: emulator.baseURL, settings: ["adapter.concurrency": "16"])
      try deployment.write((1...count).map { request($0, deadline: nil) })
      let worker = try deployment.startWorker()
      try worker.awaitLog("adapter.breaker.opened")
      let opened = uptime()
      try deployment.awaitNoLag(worker: worker)
      // After a shorter outage calls are not paced. The worker's clock has to pass: this is no wait for something to come about.
      try awaiting("An outage that calls for a ramp") { uptime() - opened > Self.outageLeast + 1 }
      #expect(emulator.stats.calls == 0)
      emulator.setOutage(nil)
      try worker.awaitLog("adapter.breaker.closed")
      let began = uptime()
      try awaiting("10 s") { uptime() - began >= 10 }
      let first = emulator.stats.calls
      try deployment.awaitOutcomes(count, within: 300, worker: worker)
      let later = Double(count - first) / (uptime() - began - 10)
      #expect(first > 10)
      #expect(Double(first) / 10 <= later / 2, "\(first) in 10 s, then \(later) a second.")
      #expect(emulator.stats.concurrentMost <= 16)
      #expect(emulator.stats.calls == count)
      #expect(try worker.stop().code == 0)
      #expect(!worker.log("adapter.breaker.half-open").isEmpty)
      let report = try deployment.audit()
      #expect(report.findings.isEmpty, "\(report)")
    }

    /// From how many seconds on an outage is followed by a ramp (`Engine.outageLeast`).
    private static let outageLeast = 10.0

    private func now() -> Timestamp { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }

    private func request(_ number: Int, deadline: Milliseconds?) -> OutgoingRecord {
      let event = RequestEvent(
        id: "r\(number)", userID: Int64(number), idempotencyKey: "k\(number)", accounts: [Int64(number)])
      var record = event.record
      if let deadline {
        record.value = Array("\(event.structured.dropLast(2)),\"deadline\":\"\((now() + deadline).rfc3339)\"}}".utf8)
      }
      return record
    }
  }
}
