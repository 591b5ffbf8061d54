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
      // The first transaction is a partition's beginning. The log tells nothing here: its last lines die with the process.
      #expect(try deployment.startWorker(failpoints: "prepared:kill").program.end().code == -SIGKILL)
      #expect(try deployment.liveState().isEmpty)
      #expect(try deployment.startWorker(failpoints: "committed:kill@1").program.end().code == -SIGKILL)
      #expect(try !deployment.liveState().isEmpty)
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
