import Glibc
import LinkSandbox
import LinkTestSupport
import Testing

extension EndToEnd {
  /// Brokers that stand still while clients are to be closed.
  @Suite struct HangTests {
    @Test(
      "A worker that is stopped while its broker stands still ends in time, and says with 75 that it could not close")
    func worker() throws {
      let kafka = try TestKafka.start()
      let emulator = try AdapterEmulator(forDeploymentWith: { _ in })
      defer { emulator.stop() }
      let deployment = try Deployment(kafka: kafka, adapterURL: emulator.baseURL)
      // Less than the five seconds for which librdkafka waits when it leaves the group.
      let worker = try deployment.startWorker(["shutdown.timeout.ms": "3000"])
      try worker.awaitLanes(deployment.partitions)
      kafka.pause()
      defer { kafka.resume() }
      let began = uptime()
      let outcome = try worker.stop()
      print("stop while the broker stands still: \(uptime() - began) s, \(outcome.code)")
      #expect(outcome.code == 75)
      #expect(uptime() - began < 10)
      #expect(worker.log("watchdog").count == 1)
    }

    @Test("A command whose broker stands still ends by itself, and says with 69 that Kafka does not answer")
    func command() throws {
      let kafka = try TestKafka.start()
      let deployment = try Deployment(kafka: kafka, adapterURL: "http://127.0.0.1:1")
      kafka.pause()
      defer { kafka.resume() }
      let outcome = try deployment.run(["topics", "check"])
      #expect(outcome.code == 69, "\(outcome.errorText)")
    }
  }
}
