import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension EndToEnd {
  @Suite struct DeadlineTests {
    @Test(
      "Past its deadline a link fails without a call: while the worker was down, and behind its own user's hanging call"
    )
    func deadlines() throws {
      let emulator = try AdapterEmulator(forDeploymentWith: { $0.rules[7] = EmulatorRule(failure: .fault(.hang)) })
      defer { emulator.stop() }
      let deployment = try Deployment(
        kafka: TestKafka.shared, adapterURL: emulator.baseURL, settings: ["adapter.timeout.ms": "60000"])
      // As Kafka's clock says, which is this machine's.
      let seed = RequestEvent(id: "seed", userID: 1, idempotencyKey: "k", accounts: [1])
      try deployment.write([seed.record])
      let began = try #require(try deployment.records(.requests).first?.timestamp)
      let late = RequestEvent(id: "late", userID: 2, idempotencyKey: "k", accounts: [1], deadline: began + 1)
      try deployment.write([late.record])
      let worker = try deployment.startWorker()
      defer { worker.kill() }
      try deployment.awaitOutcomes(2, worker: worker)
      #expect(emulator.user(2) == nil)

      try deployment.write([RequestEvent(id: "hangs", userID: 7, idempotencyKey: "first", accounts: [1]).record])
      try awaiting("A call that hangs") { emulator.user(7) != nil }
      let now = try #require(try deployment.records(.requests).map(\.timestamp).max())
      let behind = (0..<30).map { number in
        RequestEvent(
          id: "behind-\(number)", userID: 7, idempotencyKey: "k\(number)", accounts: [1], deadline: now + 4000)
      }
      try deployment.write(behind.map(\.record))
      let ends = try deployment.awaitOutcomes(32, worker: worker).filter { $0.requestID != "seed" }
      #expect(ends.allSatisfy { $0.code == "deadline_exceeded" && $0.attempts == 0 })
      #expect(emulator.user(7)?.calls == 1)
      // Not before the deadline; and long before the call that hangs ends.
      for end in ends where end.userID == 7 { #expect((4000..<20_000).contains(end.record.timestamp - now)) }
    }
  }
}
