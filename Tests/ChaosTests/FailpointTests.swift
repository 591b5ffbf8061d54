import Glibc
import LinkFailpoints
import LinkTestSupport
import Testing

extension Chaos {
  /// What a failpoint does to a worker.
  @Suite struct FailpointTests {
    @Test("A worker that is told to dies at the failpoint, and not before it")
    func dies() throws {
      let deployment = try Deployment(kafka: TestKafka.shared, adapterURL: "http://127.0.0.1:1")
      let worker = try deployment.startWorker(failpoints: "restored:kill@1")
      let outcome = try worker.program.end()
      #expect(outcome.code == -SIGKILL)
      #expect(worker.log("restore.done").count == 1 && worker.log("lane.opened").isEmpty)
    }

    @Test(
      "Rules that cannot be read end the process with 64 and name the variable",
      arguments: [
        "nowhere:kill", "received", "received:burn", "received:kill@0", "received:wait=", "received:wait=9999999",
      ])
    func unreadable(rules: String) throws {
      let deployment = try Deployment(kafka: TestKafka.shared, adapterURL: "http://127.0.0.1:1")
      let outcome = try deployment.startWorker(failpoints: rules).program.end()
      #expect(outcome.code == 64)
      #expect(outcome.errorText.contains("LINK_FAILPOINTS") && outcome.errorText.contains(rules))
    }
  }
}
