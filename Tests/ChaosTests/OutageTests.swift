import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension Chaos {
  /// The adapter is down, or refuses the worker's credential, while requests come on and on.
  @Suite struct OutageTests {
    @Test(
      "While the adapter is down it is hardly called, nobody fails or holds an offset, and who waits costs nothing; back again, it is not stampeded"
    )
    func down() throws {
      let seconds = try Self.seconds
      let outage = try Self.outage(seconds)
      let (known, before) = (outage.fleet.requests.count, outage.fleet.emulator.stats.answerCount)
      outage.fleet.emulator.setOutage(.status(503))
      let (early, late) = try outage.endure()
      try outage.expectOnlyScheduled(past: known)
      let calls = outage.fleet.emulator.stats.answerCount - before
      // Those that open it, those that were under way then, and the probes: after 1, 2, 4 and 8 seconds, then every 10.
      let callLimit = 20 + Self.concurrency + 4 + Int(seconds) / 10 + 1
      #expect(calls <= callLimit)
      outage.fleet.emulator.setOutage(nil)
      let recovery = try outage.recover(within: 120 + seconds)
      #expect(outage.fleet.emulator.stats.concurrentMost <= Self.concurrency)
      #expect(recovery.firstRate <= recovery.laterRate / 2, "\(recovery)")
      #expect(try outage.worker.stop().code == 0)
      let account = try outage.fleet.prove()
      print(
        "adapter down for \(Int(seconds)) s: \(early), then \(late); \(calls) calls; after it \(recovery); \(account)")
      expectAlike(early, late, seconds)
      #expect(account.extraCalls == 0)
    }

    @Test(
      "While the credential is refused nobody fails, and it is tried once in 30 seconds; a new one is taken by itself")
    func refused() throws {
      let seconds = try Self.seconds
      let outage = try Self.outage(seconds)
      let (known, before) = (outage.fleet.requests.count, outage.fleet.emulator.stats.answerCount)
      outage.fleet.emulator.setCredential(Secret(Array("the-next-credential".utf8)))
      let (early, late) = try outage.endure()
      try outage.expectOnlyScheduled(past: known)
      let calls = outage.fleet.emulator.stats.answerCount - before
      #expect(calls <= Self.concurrency + Int(seconds) / 30 + 1, "those under way, and the probes")
      try outage.fleet.deployment.scratch.write("credential", "the-next-credential\n")
      let recovery = try outage.recover(within: 150 + seconds)
      #expect(try outage.worker.stop().code == 0)
      let account = try outage.fleet.prove()
      print(
        "credential refused for \(Int(seconds)) s: \(early), then \(late); \(calls) calls; after it \(recovery); \(account)"
      )
      expectAlike(early, late, seconds)
    }

    private static let concurrency = 16

    /// How long an outage lasts: 20 seconds in every change's tests.
    private static var seconds: Double { get throws { try ChaosOptions.fromEnvironment.seconds ?? 20 } }

    private static func outage(_ seconds: Double) throws -> Outage {
      // Afterwards the adapter bears about 160 calls a second, or 800 where there are many: it takes a while until all are served.
      try Outage(
        seconds: seconds, requestsPerSecond: 167, latency: seconds >= 300 ? 20 : 100, concurrency: concurrency)
    }

    /// In a few seconds the figures are those of single probes: there the bound is loose.
    private func expectAlike(_ early: Outage.Figures, _ late: Outage.Figures, _ seconds: Double) {
      let slack = seconds >= 300 ? 1.1 : 2
      #expect(Double(late.memory) <= slack * Double(early.memory), "\(early), then \(late)")
      #expect(
        late.processorShare <= slack * early.processorShare + (seconds >= 300 ? 0 : 0.05), "\(early), then \(late)")
    }
  }
}

extension AdapterEmulatorStats {
  /// All answers, those of an outage and to a refused credential included.
  fileprivate var answerCount: Int { answersByStatus.values.reduce(0, +) }
}
