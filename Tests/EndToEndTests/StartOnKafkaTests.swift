import LinkCore
import LinkKafka
import LinkSandbox
import LinkTestSupport
import Testing

extension EndToEnd {
  /// Starts that a Kafka answers, and that fail all the same.
  @Suite struct StartOnKafkaTests {
    @Test("Each topic that is missing is one line")
    func missingTopics() throws {
      let deployment = try deployment()
      let outcome = try start(deployment)
      outcome.expectFailure(
        78,
        TopicRole.allCases.map { [deployment.topic($0), "does not exist", "linkworker topics create"] })
    }

    @Test("A state topic of another number of partitions is refused, whichever has more", arguments: [2, 4])
    func partitionCounts(state: Int) throws {
      let deployment = try deployment(statePartitions: state)
      let outcome = try start(deployment)
      outcome.expectFailure(
        78, [[deployment.topic(.requests), "has 3 partitions", "\(deployment.topic(.state)) \(state)", "3 partitions"]])
    }

    @Test(
      "A state topic that is not compacted alone is refused, with the command that mends it",
      arguments: ["delete", "compact,delete"])
    func policy(_ policy: String) throws {
      let deployment = try deployment(statePartitions: 3, policy: policy)
      let outcome = try start(deployment)
      outcome.expectFailure(
        78,
        [
          [
            deployment.topic(.state), "cleanup.policy=\(policy)",
            "kafka-configs.sh --alter --topic \(deployment.topic(.state)) --add-config cleanup.policy=compact",
          ]
        ])
    }

    @Test("A worker whose requests topic is given partitions ends with 78 and says why: users would have other homes")
    func partitionsAdded() throws {
      let kafka = try TestKafka.shared
      let deployment = try Deployment(kafka: kafka, adapterURL: "http://127.0.0.1:1")
      let worker = try deployment.startWorker(["kafka.topic.metadata.refresh.interval.ms": "500"])
      try worker.awaitLog("lane.opened")
      let altered = try TestKafka.runTool([
        "org.apache.kafka.tools.TopicCommand", "--bootstrap-server", kafka.bootstrap, "--alter", "--topic",
        deployment.topic(.requests), "--partitions", "9",
      ])
      try #require(altered.code == 0)
      let outcome = try worker.program.end()
      #expect(outcome.code == 78)
      let end = try #require(worker.log("worker.failed").first)
      let message = try #require(end.json["message"]?.text?.string)
      #expect(message.contains("has 9 now") && message.contains("linkworker topics check"))
    }

    @Test("A second worker on a store directory ends with 78 and leaves the first one alone")
    func lockedStore() throws {
      let deployment = try Deployment(kafka: TestKafka.shared, adapterURL: "http://127.0.0.1:1")
      let first = try deployment.startWorker()
      try first.awaitLog("worker.started")
      let outcome = try start(deployment)
      outcome.expectFailure(78, [[deployment.scratch["store"], "another worker", "store.directory"]])
      #expect(try first.stop().code == 0)
    }

    /// Topics but for those of `statePartitions`, which is made with this many and with the policy.
    private func deployment(statePartitions: Int? = nil, policy: String = "compact") throws -> Deployment {
      let deployment = try Deployment(
        kafka: TestKafka.shared, adapterURL: "http://127.0.0.1:1", makesTopics: false)
      guard let statePartitions else { return deployment }
      let admin = try KafkaAdmin(properties: deployment.properties)
      for role in TopicRole.allCases {
        let isState = role == .state
        try admin.create(
          topic: deployment.topic(role), partitions: isState ? statePartitions : 3,
          settings: isState ? ["cleanup.policy": policy] : [:])
      }
      return deployment
    }

    private func start(_ deployment: Deployment) throws -> RunningProgram.Outcome {
      let began = uptime()
      let outcome = try deployment.startWorker().program.end()
      #expect(uptime() - began < 20)
      return outcome
    }
  }
}
