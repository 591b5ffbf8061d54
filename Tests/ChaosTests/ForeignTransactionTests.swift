import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension Chaos {
  /// A transaction of a producer that nobody knows stands open on the state topic.
  @Suite struct ForeignTransactionTests {
    @Test(
      "Behind a foreign open transaction on the state topic a restore waits, alarms and names the command that finds its producer, and goes on by itself when that ends"
    )
    func hangs() throws {
      let ground = try Ground()
      defer { ground.emulator.stop() }
      let known = [ground.request(1, home: 0), ground.request(2, home: 1)]
      try ground.serve(known)
      let state = ground.deployment.topic(.state)
      let foreign = try ForeignTransaction(
        bootstrap: ground.deployment.bootstrap, id: "\(ground.deployment.group)-stranger")
      try foreign.write(topic: state, partition: 0, key: "stranger", value: "{}")
      let worker = try ground.deployment.startWorker()
      let again = [ground.request(3, home: 0), ground.request(4, home: 1)]
      try ground.send(known + again)

      let alarm = try worker.awaitLog("restore.stuck")
      #expect(alarm.level == "error" && alarm.json["partition"]?.integer == 0)
      let message = alarm.message
      let port = try worker.adminPort()
      let page = try HTTPAnswer.get("/readyz", port: port)
      #expect(page.status == 503 && page.body.contains("a transaction is open there"), "\(page.body)")
      #expect(try ground.deployment.outcomes().count == 2)
      try nameProducer(message, ground)

      try foreign.abort()
      try ground.deployment.awaitOutcomes(4, worker: worker)
      try ground.deployment.awaitNoLag(worker: worker)
      try awaiting("A page that says that all is well") { try HTTPAnswer.get("/readyz", port: port).status == 200 }
      #expect(try worker.stop().code == 0)
      try ground.expectOneTokenEach(known + again)
      try ground.expectAudit()
    }

    /// Runs the command that the alarm names, as it stands there.
    private func nameProducer(_ message: String, _ ground: Ground) throws {
      let command = try #require(message.firstMatch(of: /kafka-transactions\.sh ([^`]*?) names its producer/))
      let words = command.1.split(separator: " ").map { $0 == "…" ? ground.deployment.bootstrap : String($0) }
      let outcome = try TestKafka.runTool(["org.apache.kafka.tools.TransactionsCommand"] + words)
      #expect(
        outcome.code == 0 && outcome.outputText.contains("ProducerId"), "\(outcome.outputText)\(outcome.errorText)")
      let rows = outcome.outputText.split(separator: "\n").dropFirst().map { $0.split(whereSeparator: \.isWhitespace) }
      // Its last column is the start of the open transaction.
      #expect(rows.contains { $0.last.flatMap { Int64($0) }.map { $0 >= 0 } ?? false }, "\(outcome.outputText)")
    }
  }
}
