import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension EndToEnd {
  @Suite struct FlowTests {
    @Test("A request written by kcat has one token-ready whose token verifies") func one() throws {
      let emulator = try AdapterEmulator(forDeploymentWith: { _ in })
      defer { emulator.stop() }
      let deployment = try Deployment(kafka: TestKafka.shared, adapterURL: emulator.baseURL)
      let worker = try deployment.startWorker()
      try worker.awaitLog("lane.opened")
      #expect(try worker.stop().code == 0)
    }
  }
}
