import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension EndToEnd {
  /// `linkworker submit` on a real Kafka, with a real worker behind it.
  @Suite struct SubmitTests {
    @Test("Requests of a file lie at their homes with key and header, and --wait tells how each ended, and no token")
    func waits() throws {
      let emulator = try AdapterEmulator(forDeploymentWith: {
        $0.rules = [1003: EmulatorRule(failure: .rejected(errmsg: "Account is blocked"))]
      })
      defer { emulator.stop() }
      let deployment = try Deployment(kafka: TestKafka.shared, adapterURL: emulator.baseURL)
      let worker = try deployment.startWorker()
      let requests = (1...6).map { request($0) }
      let conflict = RequestEvent(id: "c", userID: 1001, idempotencyKey: "k1", accounts: [99])
      let file = try deployment.scratch.write(
        "requests.ndjson", (requests + [conflict]).map(\.structured).joined(separator: "\n"))
      let outcome = try deployment.run(["submit", "--wait", "--json", file])
      #expect(outcome.code == 1, "\(outcome.errorText)")
      let ends = try Ends(outcome.outputText)
      #expect(
        ends.status == [
          1: "token-ready", 2: "token-ready", 3: "failed", 4: "token-ready", 5: "token-ready", 6: "token-ready",
          7: "refused",
        ])
      for record in try deployment.records(.requests) {
        guard case .link(let link) = RequestReader().read(record) else { throw Missing("a link request") }
        #expect(record.partition == HomePartition.of(userId: link.userId, partitionCount: deployment.partitions))
        #expect(record.key == Array(String(link.userId).utf8))
        #expect(record.headers == [Header("content-type", "application/cloudevents+json")])
      }

      // The same again: duplicates, for which no event comes. The state topic tells.
      let again = try deployment.run(["submit", "--wait", "--json", file])
      #expect(again.code == 1, "\(again.errorText)")
      #expect(try Ends(again.outputText).status.filter { $0.value == "already-known" }.count == 6)
      let text = try deployment.run(["submit", "--wait", "--user", "5", "--broker", "b", "--all-accounts"])
      #expect(text.code == 0 && text.outputText.contains(": token-ready until "))
      // Ctrl-C before the silence is over: it is looked for once.
      let program = try deployment.start(["submit", "--wait", "--json", file])
      try awaiting("7 acknowledgements", state: { program.tail }) {
        program.output.split(separator: 0x0A).count { String(decoding: $0, as: UTF8.self).contains("acknowledged") }
          >= 7
      }
      program.signal(2)
      let early = try program.end()
      #expect(early.code == 130 && !early.errorText.contains("tail -n"), "\(early.errorText)")
      #expect(try Ends(early.outputText).status.filter { $0.value == "already-known" }.count == 6)
      #expect(try worker.stop().code == 0)
      let leaks = Leaks(tokens: try deployment.outcomes().compactMap(\.token))
      for said in [outcome, again, text] { #expect(leaks.areAbsent(from: said.output + said.errors)) }
    }

    @Test("Without a worker --wait ends after its time with 1 and names who has not ended")
    func nobody() throws {
      let deployment = try Deployment(kafka: TestKafka.shared, adapterURL: "http://127.0.0.1:1")
      let outcome = try deployment.run([
        "submit", "--wait", "--timeout", "1", "--user", "5", "--broker", "b", "--all-accounts", "--idempotency-key",
        "k",
      ])
      #expect(outcome.code == 1)
      #expect(outcome.outputText.contains("user 5, key \"k\": no outcome yet, and no worker has decided"))
      #expect(outcome.errorText.contains("1 request had no outcome in time"))
    }

    @Test(
      "A line that is too long for the topic is named, its neighbours in the batch are not, and the others are sent")
    func topicLimit() throws {
      let deployment = try Deployment(kafka: TestKafka.shared, adapterURL: "http://127.0.0.1:1")
      try TestKafka.alter(deployment.topic(.requests), on: deployment.bootstrap, ["max.message.bytes": "600"])
      let lines = (1...40).map { number in
        let line = RequestEvent(id: "r\(number)", userID: 7, idempotencyKey: "k\(number)", accounts: [1]).structured
        return number == 6 ? line + String(repeating: " ", count: 800) : line
      }
      let file = try deployment.scratch.write("requests.ndjson", lines.joined(separator: "\n"))
      let outcome = try deployment.run(["submit", file])
      #expect(outcome.code == 65, "\(outcome.errorText)")
      #expect(outcome.outputText == "read 40 lines: 40 sent, 39 acknowledged, 1 rejected, 0 not acknowledged\n")
      #expect(outcome.errorText.contains("requests.ndjson:6: refused by Kafka: "), "\(outcome.errorText)")
      #expect(outcome.errorText.split(separator: "\n").count == 2)
      let sent = Set(try deployment.records(.requests).compactMap(\.value))
      #expect(sent == Set(lines.map { Array($0.utf8) }).subtracting([Array(lines[5].utf8)]))
    }

    @Test("A file goes through a topic whose limit is below the client's usual batches")
    func batches() throws {
      let deployment = try Deployment(kafka: TestKafka.shared, adapterURL: "http://127.0.0.1:1")
      try TestKafka.alter(deployment.topic(.requests), on: deployment.bootstrap, ["max.message.bytes": "100000"])
      let lines = (1...20_000).map { request($0).structured }
      let file = try deployment.scratch.write("requests.ndjson", lines.joined(separator: "\n"))
      let outcome = try deployment.run(["submit", file])
      #expect(outcome.code == 0, "\(outcome.errorText)")
      #expect(try deployment.records(.requests).count == 20_000)
    }

    @Test("Where the requests topic is missing nothing is made, and the exit code is 78")
    func missingTopic() throws {
      let deployment = try Deployment(kafka: TestKafka.shared, adapterURL: "http://127.0.0.1:1", makesTopics: false)
      for _ in 0..<2 {
        let outcome = try deployment.run(["submit", "--user", "5", "--broker", "b", "--all-accounts"])
        #expect(outcome.code == 78 && outcome.output.isEmpty, "\(outcome.errorText)")
        #expect(outcome.errorText.contains("linkworker topics create"))
      }
    }

    @Test(
      "Ctrl-C in the middle: what is on its way arrives, and the rest follows from the line that it names, all once")
    func interrupt() throws {
      let deployment = try Deployment(kafka: TestKafka.shared, adapterURL: "http://127.0.0.1:1")
      let lines = (1...20_000).map { request($0).structured }
      let file = try deployment.scratch.write("requests.ndjson", lines.joined(separator: "\n") + "\n")
      let settings = try deployment.scratch.write(
        "submit.properties",
        "kafka.bootstrap.servers=\(deployment.bootstrap)\ntopics.requests=\(deployment.topic(.requests))\n")
      let program = try RunningProgram([
        try RunningProgram.linkworker, "submit", "--config", settings, "--json", "--rate", "2000", file,
      ])
      try awaiting("1 000 acknowledgements", state: { program.tail }) { program.output.count { $0 == 0x0A } >= 1_000 }
      program.signal(2)
      let outcome = try program.end()
      #expect(outcome.code == 130, "\(outcome.errorText)")
      let summary = try #require(try Ends(outcome.outputText).summary)
      let through = try #require(summary["acknowledgedThrough"]?.integer)
      #expect(summary["interrupted"]?.boolean == true && summary["unacknowledged"]?.integer == 0)
      #expect((1_000..<20_000).contains(through) && summary["acknowledged"]?.integer == through)
      #expect(outcome.errorText.contains("every request up to line \(through) is acknowledged"))
      #expect(outcome.errorText.contains("Try: tail -n +\(through + 1) \(file) | "))

      // As it stands there.
      let hint = try #require(outcome.errorText.split(separator: "Try: ").last)
      let rest = try RunningProgram.run(["sh", "-c", String(hint)])
      #expect(rest.code == 0, "\(rest.errorText)")
      let values = try deployment.records(.requests).compactMap(\.value)
      #expect(values.count == 20_000 && Set(values) == Set(lines.map { Array($0.utf8) }))
    }

    private func request(_ number: Int) -> RequestEvent {
      RequestEvent(
        id: "r\(number)", userID: Int64(1000 + number), idempotencyKey: "k\(number)", accounts: [Int64(number)])
    }
  }
}

/// What `submit --json` said last of each line.
private struct Ends {
  var status: [Int64: String] = [:]
  var summary: JSONValue?

  init(_ output: String) throws {
    for line in output.split(separator: "\n") {
      let json = try JSONValue(parsing: Array(line.utf8))
      if let line = json["line"]?.integer { status[line] = json["status"]?.text?.string }
      summary = json["summary"] ?? summary
    }
  }
}
