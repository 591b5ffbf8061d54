import LinkCore
import LinkCrypto
import LinkKafka
import LinkSandbox
import LinkTestSupport
import Testing

extension EndToEnd {
  /// `linkworker links` on a real Kafka; no worker runs but where one is started.
  @Suite struct LinksTests {
    @Test(
      "Of each link the last state counts; list, filters, show and stats agree, and what cannot be read is named and left out"
    )
    func lastStates() throws {
      let deployment = try Deployment(kafka: TestKafka.shared, adapterURL: "http://127.0.0.1:1")
      // Users 1-40 wait; then 1-10 succeed, 11-15 fail, and 16-20 are forgotten.
      let waiting = (1...40).map { Self.link($0, .scheduled(due: Timestamp(milliseconds: 4_102_444_800_000))) }
      let done = (1...10).map { Self.link($0, .succeeded(at: Self.began + 1_000)) }
      let failed = (11...15).map { Self.link($0, .failed(at: Self.began + 2_000, code: .adapterRejected)) }
      try deployment.write(try (waiting + done + failed).map { try Self.record($0, deployment) })
      try deployment.write(
        try (16...20).map { try Self.record(Self.link($0, .succeeded(at: Self.began)), deployment, isTombstone: true) })

      let all = try deployment.links("list")
      #expect(all.count == 35)
      let keys = all.compactMap { $0["userId"]?.integer }
      let sorted = keys.sorted {
        let homes = [$0, $1].map { HomePartition.of(userId: $0, partitionCount: deployment.partitions) }
        return (homes[0], $0) < (homes[1], $1)
      }
      #expect(keys == sorted)
      #expect(
        try deployment.links("list", "--state", "failed").compactMap { $0["userId"]?.integer }.sorted() == [
          11, 12, 13, 14, 15,
        ])
      #expect(try deployment.links("list", "--code", "adapter_rejected", "--user", "12", "--user", "30").count == 1)
      #expect(try deployment.links("list", "--broker", "broker-2", "--state", "scheduled").count == 10)
      #expect(try deployment.links("list", "--until", "2020-01-01T00:00:01.500Z", "--state", "succeeded").count == 10)
      #expect(try deployment.links("list", "--limit", "7").map(\.written) == all.prefix(7).map(\.written))
      let table = try deployment.run(["links", "list", "--limit", "2"]).outputText.split(separator: "\n")
      #expect(table.count == 4 && table[0].hasPrefix("STATE") && table[3].hasPrefix("more links fit"))

      let stats = try #require(try deployment.links("stats").first)
      #expect(stats["links"]?.integer == 35 && stats["states"]?["scheduled"]?.integer == 20)
      #expect(stats["states"]?["succeeded"]?.integer == 10 && stats["states"]?["failed"]?.integer == 5)
      #expect(try deployment.run(["links", "stats"]).outputText.hasPrefix("links      35\n"))

      let lost = try RunningProgram.run(
        [
          "sh", "-c",
          "exec '\(try RunningProgram.linkworker)' links list --json -X \"$KAFKA\" -X \"$STATE\" >/dev/full",
        ],
        environment: [
          "KAFKA": "kafka.bootstrap.servers=\(deployment.bootstrap)",
          "STATE": "topics.state=\(deployment.topic(.state))",
        ])
      #expect(
        lost.code == 73 && lost.errorText.contains("standard output: No space left on device"), "\(lost.errorText)")

      let shown = try deployment.run(["links", "show", "12/key 12"])
      #expect(shown.code == 0 && shown.outputText.contains("a replay can help only once the cause is mended"))
      let known = try #require(try deployment.links("show", "12/key 12").first)
      #expect(known["request"]?["id"]?.text == "r12" && known["code"]?.text == "adapter_rejected")
      let unknown = try deployment.run(["links", "show", "16/key 16"])
      #expect(unknown.code == 1 && unknown.output.isEmpty)
      #expect(unknown.errorText.contains("nothing is known of such a link"))

      var damaged = try Self.record(Self.link(12, .scheduled(due: Self.began)), deployment)
      damaged.value = Array("garbage".utf8)
      let stray = OutgoingRecord(topic: .state, partition: 0, key: [0xFF], value: [0xFF])
      try deployment.write([damaged, stray])
      for command in [["links", "list"], ["links", "stats"]] {
        let outcome = try deployment.run(command + ["--json"])
        #expect(outcome.code == 1 && outcome.errorText.contains("2 records cannot be read"), "\(outcome.errorText)")
        #expect(outcome.errorText.contains("check that only workers write to the state topic"))
        #expect(outcome.outputText.split(separator: "\n").count == (command[1] == "list" ? 34 : 1))
      }
      let hidden = try deployment.run(["links", "show", "12/key 12"])
      #expect(hidden.code == 1 && hidden.output.isEmpty && hidden.errorText.contains("a record (partition"))
      try deployment.write([try Self.record(Self.link(12, .succeeded(at: Self.began)), deployment)])
      #expect(try deployment.run(["links", "show", "12/key 12"]).code == 0)
    }

    @Test("Of empty topics nothing is told, of missing ones what to do, and of a broker that is away with 69")
    func nothing() throws {
      let deployment = try Deployment(
        kafka: TestKafka.shared, adapterURL: "http://127.0.0.1:1", partitions: 2, makesTopics: false)
      let commands = [
        ["links", "list"], ["links", "stats"], ["links", "show", "1/k"], ["dead-letters", "list"],
        ["dead-letters", "show", "0/0"], ["dead-letters", "resubmit", "--yes"],
      ]
      for command in commands {
        let missing = try deployment.run(command)
        #expect(missing.code == 78 && missing.errorText.contains("linkworker topics create"), "\(missing.errorText)")
      }
      let away = try deployment.run(["links", "list"], with: ["kafka.bootstrap.servers": "127.0.0.1:1"])
      #expect(away.code == 69 && away.output.isEmpty, "\(away.errorText)")
      try deployment.makeTopics()
      let expected: [(code: Int32, text: String)] = [
        (0, "no link fits\n"), (0, "links      0\n"), (1, ""), (0, "no dead letter fits\n"), (1, ""),
        (0, "0 of 0 dead letters sent again; sent before: 0, refused: 0\n"),
      ]
      for (command, expected) in zip(commands, expected) {
        let outcome = try deployment.run(command)
        #expect(
          outcome.code == expected.code && outcome.outputText.hasPrefix(expected.text),
          "\(command): \(outcome.outputText)")
      }
    }

    @Test("What a worker has decided is told as it stands, and neither tokens nor the credential are")
    func worker() throws {
      let emulator = try AdapterEmulator(forDeploymentWith: {
        $0.rules = [2: EmulatorRule(failure: .rejected(errmsg: "Account is blocked"))]
      })
      defer { emulator.stop() }
      let deployment = try Deployment(kafka: TestKafka.shared, adapterURL: emulator.baseURL)
      let worker = try deployment.startWorker()
      try deployment.write(
        (1...3).map { RequestEvent(id: "r\($0)", userID: $0, idempotencyKey: "k", accounts: [7]).record })
      try deployment.awaitOutcomes(3, worker: worker)
      let states = try deployment.links("list").map {
        "\($0["userId"]?.integer ?? 0) \($0["state"]?.text?.string ?? "")"
      }
      #expect(Set(states) == ["1 succeeded", "2 failed", "3 succeeded"])
      let shown = try deployment.run(["links", "show", "2/k"])
      #expect(
        shown.outputText.contains("rejected (") && shown.outputText.contains("adapter_rejected"), "\(shown.outputText)")
      #expect(try worker.stop().code == 0)
      let all = try deployment.run(["links", "list", "--json"])
      #expect(Leaks(tokens: try deployment.outcomes().compactMap(\.token)).areAbsent(from: all.output + shown.output))
    }

    private static let began = Timestamp(milliseconds: 1_577_836_800_000)

    private static func link(_ user: Int64, _ state: Link.State) -> Link {
      let scope = LinkScope(brokerNames: [Text("broker-\(user % 2 + 1)")], accounts: .all, isVerified: nil)
      let key = Text("key \(user)")
      return Link(
        key: LinkKey(userId: user, idempotencyKey: key), fingerprint: scope.fingerprint(userId: user, sha256: sha256),
        state: state,
        request: LinkRequest(id: Text("r\(user)"), source: "/test", userId: user, idempotencyKey: key, scope: scope),
        origin: .init(partition: 0, offset: user, timestamp: began), attemptCount: 1,
        attempts: [Attempt(at: began, verdict: .transient, status: 503, wait: 1_000)])
    }

    private static func record(
      _ link: Link, _ deployment: Deployment, isTombstone: Bool = false
    ) throws -> OutgoingRecord {
      let (key, value) = StateRecord.link(link).encoded()
      let home = HomePartition.of(userId: link.key.userId, partitionCount: deployment.partitions)
      return OutgoingRecord(topic: .state, partition: home, key: key, value: isTombstone ? nil : value)
    }
  }
}

extension Deployment {
  /// The objects that `links` writes.
  fileprivate func links(_ words: String...) throws -> [JSONValue] {
    let outcome = try run(["links"] + words + ["--json"])
    guard outcome.code == 0 else { throw Missing("Links: \(outcome.errorText)") }
    return try outcome.output.split(separator: UInt8(ascii: "\n")).map { try JSONValue(parsing: Array($0)) }
  }
}
