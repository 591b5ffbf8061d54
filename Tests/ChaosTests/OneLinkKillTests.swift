import Glibc
import LinkFailpoints
import LinkSandbox
import LinkTestSupport
import Testing

extension Chaos {
  /// What a death costs the adapter, to the call.
  @Suite struct OneLinkKillTests {
    @Test(
      "A death costs a link one call where its answer was in no journal, and none where it was on a kept disk or in Kafka"
    )
    func price() throws {
      let emulator = try AdapterEmulator(forDeploymentWith: { _ in })
      defer { emulator.stop() }
      let deployment = try Deployment(
        kafka: TestKafka.shared, adapterURL: emulator.baseURL, partitions: 1,
        settings: ["instance.id": "w", "kafka.group.instance.id": "w"])
      // The partition's first transaction is its beginning: the next one is a link's.
      let first = try deployment.startWorker()
      try first.awaitLanes(1)
      #expect(try first.stop().code == 0)
      var userID: Int64 = 0
      for point in Failpoint.allCases {
        for wipes in [false, true] {
          guard let price = Self.price(of: point, wipes: wipes) else { continue }
          userID += 1
          try expect(price, Kill(point: point, count: 1, wipes: wipes), userID, deployment, emulator)
        }
      }
      #expect(userID == 24)
    }

    /// The calls of a link whose worker died there; nil where the place has nothing to do with a link.
    private static func price(of point: Failpoint, wipes: Bool) -> ClosedRange<Int>? {
      switch point {
      case .absorbed, .restored, .received: 1...1
      // Whether the call still left is a race with the death.
      case .called: 1...2
      case .answered: 2...2
      case .journaled, .committing, .produced, .prepared: wipes ? 2...2 : 1...1
      case .committed, .ended, .applied: 1...1
      case .revoking, .revoked: nil
      }
    }

    private func expect(
      _ price: ClosedRange<Int>, _ kill: Kill, _ userID: Int64, _ deployment: Deployment, _ emulator: AdapterEmulator
    ) throws {
      let request = RequestEvent(id: "r\(userID)", userID: userID, idempotencyKey: "k", accounts: [userID])
      let victim = try deployment.startWorker(failpoints: kill.rule)
      try deployment.write([request.record])
      #expect(try victim.program.end().code == -SIGKILL, "\(kill)")
      let calls = emulator.user(userID)?.calls ?? 0
      if kill.wipes { deployment.removeStore() }
      let next = try deployment.startWorker()
      try next.awaitLanes(1)
      let outcomes = try deployment.awaitOutcomes(Int(userID), worker: next)
      try deployment.awaitNoLag(worker: next)
      #expect(try next.stop().code == 0, "\(kill)")
      let made = emulator.user(userID)?.calls ?? 0
      #expect(price.contains(made), "\(kill): \(made) calls, \(calls) of them before the death")
      let mine = outcomes.filter { $0.userID == userID }
      #expect(mine.count == 1 && mine.first?.isA("token-ready") == true && mine.first?.attempts == 1, "\(kill)")
    }
  }
}
