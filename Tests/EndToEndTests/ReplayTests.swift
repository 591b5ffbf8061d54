import Foundation
import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension EndToEnd {
  /// `linkworker replay` on a real Kafka, with a real worker behind it.
  @Suite struct ReplayTests {
    /// Links of the job that is interrupted, of which every 20th has failed: 6 000, or what `REPLAY_LINKS` says.
    static let count = ProcessInfo.processInfo.environment["REPLAY_LINKS"].flatMap { Int($0) } ?? 6_000

    @Test("What the worker does not accept is refused with its reason, and past replay.limit only --force helps")
    func refused() throws {
      let emulator = try AdapterEmulator(forDeploymentWith: {
        $0.rules = [
          1: EmulatorRule(failure: .rejected(errmsg: "Account is blocked"), failFirst: 3),
          3: EmulatorRule(failure: .status(503)),
        ]
      })
      defer { emulator.stop() }
      let deployment = try Deployment(
        kafka: TestKafka.shared, adapterURL: emulator.baseURL, settings: ["replay.limit": "1"])
      let worker = try deployment.startWorker()
      try deployment.write((1...3).map { request($0).record })
      try deployment.awaitOutcomes(2, worker: worker)
      try deployment.awaitNoLag(worker: worker)

      let dry = try deployment.run(["replay", "--dry-run", "1/k1", "2/k2", "3/k3", "4/k4"])
      #expect(dry.code == 0, "\(dry.errorText)")
      for line in [
        "would be replayed: 4 links", "would be refused: 1 link, not known",
        "would be refused: 1 link, succeeded already", "would be refused: 1 link, waiting for the next attempt",
      ] {
        #expect(dry.outputText.contains(line), "\(dry.outputText)")
      }
      let unasked = try deployment.run(["replay", "--reason", "r", "1/k1", "2/k2"])
      #expect(unasked.code == 64 && unasked.errorText.contains("there is no terminal to ask at"))
      let unwatched = try deployment.run(["replay", "--reason", "r", "--yes", "2/k2", "4/k4"])
      #expect(unwatched.code == 1 && unwatched.outputText.contains("2 sent"), "\(unwatched.outputText)")
      #expect(
        unwatched.errorText.hasPrefix(
          "linkworker: replay: would be refused: 1 link, not known; 1 link, succeeded already. Try: --watch"),
        "\(unwatched.errorText)")

      let all = try deployment.run(
        ["replay", "--watch", "--yes", "--json", "--reason", "mended", "1/k1", "2/k2", "3/k3", "4/k4"])
      #expect(all.code == 1, "\(all.outputText)\(all.errorText)")
      let ends = try ReplayLines(all.outputText)
      #expect(ends.status == [1: "failed", 2: "refused", 3: "refused", 4: "refused"], "\(all.outputText)")
      #expect(ends.detail[2]?.contains("has succeeded already") == true)
      #expect(ends.detail[3]?.contains("is waiting for its next attempt") == true)
      #expect(ends.detail[4]?.contains("is not known") == true)

      let over = try deployment.run(["replay", "--watch", "--reason", "once more", "1/k1"])
      #expect(over.code == 1 && over.outputText.contains("replay.limit is 1: only a forced one is accepted"))
      let left = try deployment.run(["replay", "--reason", "once more", "--yes"])
      #expect(left.code == 1 && left.outputText == "no failed link to replay\n", "\(left.outputText)\(left.errorText)")
      #expect(left.errorText.contains("1 link left out: 1 link, over replay.limit (1). Try: --force"))
      let forced = try deployment.run(["replay", "--watch", "--reason", "again", "--force", "1/k1"])
      #expect(forced.code == 1 && forced.outputText.contains("failed, adapter_rejected"), "\(forced.outputText)")
      let last = try deployment.run(["replay", "--watch", "--reason", "at last", "--force", "--operator", "anna"])
      #expect(last.code == 0 && last.outputText.contains("token-ready"), "\(last.outputText)\(last.errorText)")

      try deployment.awaitNoLag(worker: worker)
      #expect(try worker.stop().code == 0)
      let link = try #require(try deployment.link(LinkKey(userId: 1, idempotencyKey: "k1")))
      #expect(link.replay == 3 && link.replays.map(\.reason) == ["mended", "again", "at last"])
      #expect(link.replays.last?.operator == "anna")
      let report = try deployment.audit()
      #expect(report.isClean && report.total("replays") == 3, "\(report)")
    }

    @Test(
      "A replay that is interrupted twice goes on where it stood: each failed link once, with its trail in the history, and the audit is clean"
    )
    func interruptedTwice() throws {
      let emulator = try AdapterEmulator(forDeploymentWith: { $0.latency = 5 })
      defer { emulator.stop() }
      let deployment = try Deployment(kafka: TestKafka.shared, adapterURL: emulator.baseURL)
      let failed = Set((0..<Self.count).filter { $0 % 20 == 0 }.map { Int64($0 + 1) })
      try deployment.writeEnded(Self.count) { failed.contains(Int64($0 + 1)) }
      try deployment.resetOffsets(to: "latest")
      let worker = try deployment.startWorker()

      let began = uptime()
      var command = [
        "replay", "--yes", "--json", "--reason", "the adapter is back", "--operator", "anna", "--rate",
        "\(max(failed.count / 12, 10))",
      ]
      var program = try deployment.start(command)
      var acknowledged: Int64 = 0
      for _ in 0..<2 {
        try awaiting("A tenth of the links", state: { program.tail }) {
          try ReplayLines(program.outputLines).acknowledged >= failed.count / 10
        }
        program.signal(SIGINT)
        let outcome = try program.end()
        #expect(outcome.code == 130, "\(outcome.errorText)")
        let lines = try ReplayLines(outcome.outputText)
        #expect(lines.summary("unknown") == 0 && lines.summary("notSent") ?? 0 > 0, "\(outcome.errorText)")
        #expect(lines.summary("acknowledged") == Int64(lines.acknowledged))
        acknowledged += lines.summary("acknowledged") ?? 0
        // As it stands there, from another directory and another environment.
        let hint = try #require(outcome.errorText.split(separator: "Try: ").last)
        #expect(lines.command.map { String($0) } == hint.trimmingCharacters(in: .newlines))
        command = ["sh", "-c", "cd / && exec \(hint)"]
        program = try RunningProgram(command)
      }
      let last = try program.end()
      #expect(last.code == 0, "\(last.errorText)")
      acknowledged += try ReplayLines(last.outputText).summary("acknowledged") ?? 0
      #expect(acknowledged == Int64(failed.count))
      try deployment.awaitOutcomes(Self.count + failed.count, within: 300, worker: worker)
      print("replay of \(failed.count) of \(Self.count) links: \(Int((uptime() - began) * 10)) tenths of a second")
      try deployment.awaitNoLag(worker: worker)
      #expect(try worker.stop().code == 0)

      try check(deployment, failed)
      // Once more: all has been asked for.
      let again = try RunningProgram.run(command)
      #expect(try again.code == 0 && ReplayLines(again.outputText).acknowledged == 0, "\(again.outputText)")
    }

    @Test("On a terminal it asks where there is more than one link, and sends nothing unless the answer is yes")
    func question() throws {
      let deployment = try Deployment(kafka: TestKafka.shared, adapterURL: "http://127.0.0.1:1")
      try deployment.writeEnded(3) { $0 > 0 }
      let settings = try deployment.scratch.write(
        "replay.properties",
        """
        kafka.bootstrap.servers=\(deployment.bootstrap)
        topics.requests=\(deployment.topic(.requests))
        topics.state=\(deployment.topic(.state))

        """)
      let command = "\(try RunningProgram.linkworker) replay --config \(settings) --reason mended"
      for (answer, code, count) in [("n", Int32(1), 0), ("", 1, 0), ("yes", 0, 2)] {
        // script(1) gives the program a terminal, and types what it reads.
        let outcome = try RunningProgram.run(
          ["sh", "-c", "printf '%s\\n' \"$1\" | script -qec \"$0\" /dev/null", command, answer])
        #expect(outcome.code == code, "\(outcome.outputText)")
        #expect(outcome.outputText.contains("Replay 2 links (deadline_exceeded 2)? [y/N]"), "\(outcome.outputText)")
        #expect(try deployment.records(.requests).count == 3 + count)
      }
    }

    /// Each of these users' links was asked for, accepted and ended once.
    private func check(_ deployment: Deployment, _ failed: Set<Int64>) throws {
      var asked: [Int64: [ReplayRequest]] = [:]
      for record in try deployment.records(.requests) {
        guard case .replay(let request) = RequestReader().read(record) else { continue }
        asked[request.key.userId, default: []].append(request)
        #expect(record.partition == HomePartition.of(userId: request.key.userId, partitionCount: deployment.partitions))
        #expect(record.key == Array(String(request.key.userId).utf8))
      }
      #expect(Set(asked.keys) == failed && asked.values.allSatisfy { $0.count == 1 })
      let outcomes = try deployment.outcomes().filter { $0.data["replay"]?.integer == 1 }
      #expect(outcomes.count == failed.count && outcomes.allSatisfy { $0.isA("token-ready") })
      for case .link(let link) in try deployment.liveState().values where failed.contains(link.key.userId) {
        let request = try #require(asked[link.key.userId]?.first)
        #expect(link.replay == 1 && link.replays.map(\.id) == [request.id])
        #expect(link.replays.first?.operator == "anna" && link.replays.first?.reason == "the adapter is back")
        guard case .succeeded = link.state else { throw Missing("The success of \(link.key)") }
      }
      let report = try deployment.audit(within: 600)
      #expect(report.isClean && report.total("replays") == Int64(failed.count), "\(report)")
    }

    private func request(_ number: Int) -> RequestEvent {
      RequestEvent(
        id: "r\(number)", userID: Int64(number), idempotencyKey: "k\(number)", accounts: [Int64(number)])
    }
  }
}

extension RunningProgram {
  /// What it has written so far, up to the last whole line.
  fileprivate var outputLines: String {
    let bytes = output
    return String(decoding: bytes[..<(bytes.lastIndex(of: 0x0A) ?? bytes.startIndex)], as: UTF8.self)
  }
}

extension Deployment {
  /// A link as it stands in the state topic.
  fileprivate func link(_ key: LinkKey) throws -> Link? {
    guard case .link(let link)? = try liveState()[.link(key)] else { return nil }
    return link
  }
}

/// What `replay --json` said.
private struct ReplayLines {
  /// What it said last of each user.
  var status: [Int64: String] = [:]
  var detail: [Int64: String] = [:]
  /// Requests that Kafka has.
  var acknowledged = 0
  /// The command that goes on.
  var command: String?
  private var summary: JSONValue?

  init(_ output: String) throws {
    for line in output.split(separator: "\n") {
      let json = try JSONValue(parsing: Array(line.utf8))
      if let user = json["userId"]?.integer, let word = json["status"]?.text?.string {
        status[user] = word
        detail[user] = json["detail"]?.text?.string
        if word == "acknowledged" { acknowledged += 1 }
      }
      command = json["job"]?["command"]?.text?.string ?? command
      summary = json["summary"] ?? summary
    }
  }

  func summary(_ name: StaticString) -> Int64? { summary?[name]?.integer }
}
