import Glibc
import LinkCore
import LinkCrypto
import LinkKafka
import LinkSandbox
import LinkTestSupport
import Testing

extension EndToEnd {
  /// `linkworker dead-letters` on a real Kafka.
  @Suite struct DeadLetterCommandTests {
    @Test("A request that was too large gets its token once the limit is raised and it is sent again, once")
    func mended() throws {
      let emulator = try AdapterEmulator(forDeploymentWith: { _ in })
      defer { emulator.stop() }
      let deployment = try Deployment(kafka: TestKafka.shared, adapterURL: emulator.baseURL)
      let request = RequestEvent(
        id: "big", userID: 7, idempotencyKey: "k", accounts: [1],
        context: #"{"pad":"\#(String(repeating: "x", count: 1_500))"}"#)
      let small = ["event.max.bytes": "1024"]
      let first = try deployment.startWorker(small)
      try deployment.write([request.record])
      try deployment.awaitNoLag(worker: first)
      #expect(try first.stop().code == 0)

      let listed = try #require(try deployment.letters("list").first)
      let place = "\(listed["partition"]?.integer ?? -1)/\(listed["offset"]?.integer ?? -1)"
      #expect(listed["reason"]?.text == "too_large" && listed["requestOffset"]?.integer == 0)
      let raw = try deployment.run(["dead-letters", "show", "--raw", place])
      #expect(raw.output == Array(request.structured.utf8))
      let refused = try deployment.run(["dead-letters", "resubmit", place], with: small)
      #expect(
        refused.code == 1 && refused.outputText.contains("\(place): not sent: it would be put aside again: too_large"))
      #expect(try deployment.records(.requests).count == 1)

      let sent = try deployment.run(["dead-letters", "resubmit", place])
      #expect(sent.code == 0, "\(sent.errorText)")
      #expect(sent.outputText == "1 of 1 dead letter sent again; sent before: 0, refused: 0\n")
      let again = try deployment.run(["dead-letters", "resubmit", place])
      #expect(again.code == 0 && again.outputText == "0 of 0 dead letters sent again; sent before: 1, refused: 0\n")
      let records = try deployment.records(.requests)
      #expect(records.count == 2)
      let repetition = try #require(records.last)
      #expect(repetition.partition == HomePartition.of(userId: 7, partitionCount: deployment.partitions))
      #expect(repetition.value == Array(request.structured.utf8) && repetition.key == Array("7".utf8))
      #expect(
        repetition.headers.map { String(decoding: $0.name, as: UTF8.self) } == [
          "content-type", "linkworker.resubmitted-from", "linkworker.dead-lettered-from",
        ])
      #expect(repetition.resubmittedFrom?.topic == deployment.topic(.deadLetters))

      let second = try deployment.startWorker()
      try deployment.awaitNoLag(worker: second)
      #expect(try second.stop().code == 0)
      #expect(try deployment.outcomes().compactMap(\.token).count == 1)
      // By the limit that holds now the first record was a valid one: nothing else is found.
      let audit = try deployment.audit()
      #expect(audit.kinds == ["dead_letter_unfounded": 1], "\(audit)")
    }

    @Test("What cannot be sent as it is says why; a mended value, or --force where it has to be, sends it")
    func refusals() throws {
      let deployment = try Deployment(kafka: TestKafka.shared, adapterURL: "http://127.0.0.1:1", partitions: 2)
      let good = RequestEvent(id: "r", userID: 7, idempotencyKey: "k", accounts: [1])
      let letters = [
        deployment.letter("{\"userId\":\u{1B}", .notJSON), deployment.letter(good.structured, .expired),
        deployment.letter(good.structured + String(repeating: " ", count: 900), .tooLarge, limit: 1_000),
        OutgoingRecord(topic: .deadLetters, partition: 0, key: nil, value: [0xFF, 0x00, 0x41]),
      ]
      // One after the other: they have to lie in this order.
      for letter in letters { try deployment.write([letter]) }
      let all = try deployment.run(["dead-letters", "resubmit", "--yes"])
      #expect(all.code == 1)
      let lines = all.outputText.split(separator: "\n")
      #expect(lines.count == 5, "\(all.outputText)")
      for (line, words) in zip(lines, ["not_json", "--force", "--value-file", "no worker has written"]) {
        #expect(line.contains(words), "\(line)")
      }
      let value = try deployment.scratch.write("value.json", good.structured)
      for (command, code) in [
        (["0/0", "--value-file", value], 0), (["0/1", "--force"], 0), (["0/2", "--value-file", value], 0), (["0/3"], 1),
        (["0/9"], 1),
      ] as [([String], Int32)] {
        let outcome = try deployment.run(["dead-letters", "resubmit"] + command)
        #expect(outcome.code == code, "\(command): \(outcome.outputText)\(outcome.errorText)")
      }
      // A value that is mended again may be at home elsewhere: what was sent for this dead letter is found all the same.
      let home = HomePartition.of(userId: 7, partitionCount: 2)
      let other = try #require(
        (1...100 as ClosedRange<Int64>).first { HomePartition.of(userId: $0, partitionCount: 2) != home })
      let moved = try deployment.scratch.write(
        "moved.json", RequestEvent(id: "r", userID: other, idempotencyKey: "k", accounts: [1]).structured)
      let twice = try deployment.run(["dead-letters", "resubmit", "0/0", "--value-file", moved])
      #expect(twice.code == 0 && twice.outputText.hasSuffix("sent before: 1, refused: 0\n"), "\(twice.outputText)")
      let sent = try deployment.records(.requests)
      #expect(sent.count == 3)
      for record in sent {
        guard case .link = RequestReader().read(record) else { throw Missing("A link request") }
      }
      let shown = try deployment.run(["dead-letters", "show", "0/3"]).outputText
      #expect(shown.contains("00000000  ff 00 41") && shown.contains("no worker has written"), "\(shown)")
      let cut = try deployment.run(["dead-letters", "show", "0/2"]).outputText
      #expect(cut.contains("cut      the value, which had \(good.structured.utf8.count + 900) bytes"), "\(cut)")
      let steering = try deployment.run(["dead-letters", "show", "0/0"]).outputText
      #expect(!steering.contains("\u{1B}") && steering.contains("not_json"))
      #expect(try deployment.letters("list", "--reason", "expired").map { $0["offset"]?.integer } == [1])
      #expect(try deployment.letters("list", "--request", "1/100").count == 3)
      #expect(try deployment.letters("list", "--request", "1/101").isEmpty)
      #expect(try deployment.letters("list", "--until", "1h").isEmpty)
      #expect(try deployment.letters("list", "--limit", "2").count == 2)
    }

    @Test("More than one are not sent unasked; interrupted and gone on with, each is sent once")
    func interrupted() throws {
      let deployment = try Deployment(kafka: TestKafka.shared, adapterURL: "http://127.0.0.1:1", partitions: 2)
      let count = 40
      try deployment.write(
        (1...count).map { number in
          deployment.letter(
            RequestEvent(id: "r\(number)", userID: Int64(number), idempotencyKey: "k", accounts: [1]).structured,
            .unknownType)
        } + [deployment.letter("{", .notJSON, group: "others")])
      let unasked = try deployment.run(["dead-letters", "resubmit"])
      #expect(unasked.code == 64 && unasked.errorText.contains("40 dead letters (40 unknown_type) would be sent"))
      let dry = try deployment.run(["dead-letters", "resubmit", "--dry-run", "--json"])
      #expect(dry.code == 0 && dry.outputText.split(separator: "\n").count == count + 1)
      #expect(try deployment.records(.requests).isEmpty)

      let program = try deployment.start(["dead-letters", "resubmit", "--yes", "--rate", "3"])
      try awaiting("Some that are sent", state: { program.tail }) {
        try deployment.records(.requests).count >= 5
      }
      program.signal(SIGINT)
      let stopped = try program.end()
      #expect(stopped.code == 130 && stopped.errorText.contains("what Kafka has already is not sent twice"))
      let between = try deployment.records(.requests).count
      #expect(between < count)
      let rest = try deployment.run(["dead-letters", "resubmit", "--yes"])
      #expect(rest.code == 0, "\(rest.errorText)")
      #expect(
        rest.outputText
          == "1 dead letter of other groups or topics passed over\n\(count - between) of \(count - between) dead letters sent again; sent before: \(between), refused: 0\n"
      )
      let places = try deployment.records(.requests).compactMap(\.resubmittedFrom)
      #expect(places.count == count && Set(places).count == count)
    }
  }
}

extension Deployment {
  /// A dead letter as a worker writes it, for partition 0, of a record at 1/100.
  fileprivate func letter(_ value: String, _ reason: Malformation.Reason, limit: Int = 1_000_000, group: String? = nil)
    -> OutgoingRecord
  {
    let source = SourceRecord(
      partition: 1, offset: 100, timestamp: Timestamp(milliseconds: 0), key: Array("7".utf8), value: Array(value.utf8),
      headers: [Header("content-type", "application/cloudevents+json")])
    let events = EventWriter(
      groupID: group ?? self.group, instanceID: "worker-1", requestsTopic: topic(.requests), sha256: sha256,
      deadLetterMaxBytes: limit)
    var letter = events.deadLetter(record: source, fault: Malformation(reason, "Something is wrong."))
    letter.partition = 0
    return letter
  }

  /// The objects that `dead-letters` writes.
  fileprivate func letters(_ words: String...) throws -> [JSONValue] {
    let outcome = try run(["dead-letters"] + words + ["--json"])
    guard outcome.code == 0 else { throw Missing("Dead letters: \(outcome.errorText)") }
    return try outcome.output.split(separator: UInt8(ascii: "\n")).map { try JSONValue(parsing: Array($0)) }
  }
}
