import Foundation
import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension EndToEnd {
  /// Marked secrets, followed through everything that can go wrong (promise P5).
  @Suite struct CanaryTests {
    @Test("Whatever goes wrong, no log, metric, page, command, dead letter, refusal or state record has a secret in it")
    func everywhere() throws {
      let emulator = try AdapterEmulator(forDeploymentWith: { $0.rules = faults })
      defer { emulator.stop() }
      let deployment = try Deployment(kafka: TestKafka.shared, adapterURL: emulator.baseURL, partitions: 2)
      let worker = try deployment.startWorker(["log.level": "debug", "admin.listen": "127.0.0.1:0"])
      let admin = try #require(try worker.awaitLog("admin.listening").json["address"]?.text?.string)
      var seen: [String: [UInt8]] = [:]

      let requests = (1...60).map {
        RequestEvent(id: "r\($0)", userID: Int64($0), idempotencyKey: "k\($0)", accounts: [Int64($0)])
      }
      try deployment.produce(lines: requests.map { (String($0.userID), $0.structured) }, [])
      try deployment.write(
        BadInput.all.enumerated().map { index, input in
          OutgoingRecord(
            topic: .requests, partition: Int32(index % 2), key: input.key, value: input.value, headers: input.headers)
        })
      // The same link with another scope is refused.
      try deployment.produce(
        RequestEvent(id: "conflict", userID: 60, idempotencyKey: "k60", accounts: [61]).structured, key: "60")
      try deployment.awaitNoLag(worker: worker)
      try look(at: admin, "in the middle", &seen)

      // A credential that is refused, while it is refused, and after its rotation.
      emulator.setCredential(Secret(Array("another-credential-of-the-adapter".utf8)))
      let late = (101...110).map {
        RequestEvent(id: "r\($0)", userID: Int64($0), idempotencyKey: "k\($0)", accounts: [Int64($0)])
      }
      try deployment.produce(lines: late.map { (String($0.userID), $0.structured) }, [])
      try worker.awaitLog("adapter.credential.refused")
      try look(at: admin, "while the credential is refused", &seen)
      emulator.setCredential(Secret(Array(Deployment.credential.utf8)))
      try deployment.scratch.write("credential", Deployment.credential)
      try awaiting("All outcomes", state: { worker.program.tail }) {
        try deployment.outcomes().count { !$0.isA("refused") } == requests.count + late.count
      }
      try look(at: admin, "at the end", &seen)

      let file = try deployment.scratch.write("requests.ndjson", requests.map { $0.structured + "\n" }.joined())
      for command in [
        ["topics", "check", "--json"], ["config", "check", "--json"], ["config", "check", "--connect", "--json"],
        ["submit", file, "--json", "--wait"], ["config", "check"],
      ] {
        let outcome = try deployment.run(command)
        #expect([0, 1].contains(outcome.code), "\(command): \(outcome.errorText)")
        seen[command.joined(separator: " ")] = outcome.output + outcome.errors
      }
      let stopped = try worker.stop()
      #expect(stopped.code == 0)
      seen["the log"] = stopped.errors + stopped.output

      let outcomes = try deployment.outcomes()
      let leaks = Leaks(tokens: outcomes.compactMap(\.token))
      #expect(!leaks.areAbsent(from: outcomes.map(\.record)), "the search finds what is there")
      for (place, bytes) in seen {
        #expect(!bytes.isEmpty, "\(place)")
        #expect(leaks.areAbsent(from: bytes), "\(place)")
        #expect(!bytes.contains(BadInput.canary), "\(place): a value of a request")
      }
      let refusals = outcomes.filter { $0.isA("refused") }
      #expect(
        refusals.contains { $0.code == "idempotency_conflict" } && refusals.contains { $0.code == "invalid_request" })
      #expect(leaks.areAbsent(from: outcomes.filter { !$0.isA("token-ready") }.map(\.record)))
      #expect(Leaks(tokens: []).areAbsent(from: outcomes.map(\.record)), "the credential is in no event")
      #expect(leaks.areAbsent(from: try deployment.records(.deadLetters)))
      #expect(leaks.areAbsent(from: try deployment.records(.state)))
    }

    @Test("The store has a token in its journal alone, and there only until it is committed")
    func store() throws {
      let emulator = try AdapterEmulator(forDeploymentWith: { $0.latency = 2500 })
      defer { emulator.stop() }
      let kafka = try TestKafka.start()
      defer { kafka.stop() }
      // The broker is away for longer than a usual session.
      let deployment = try Deployment(
        kafka: kafka, adapterURL: emulator.baseURL, partitions: 2, settings: ["kafka.session.timeout.ms": "30000"])
      let worker = try deployment.startWorker(["admin.listen": "127.0.0.1:0"])
      let admin = try worker.adminPort()
      try worker.awaitLanes(2)
      let requests = (1...20).map {
        RequestEvent(id: "r\($0)", userID: Int64($0), idempotencyKey: "k\($0)", accounts: [Int64($0)])
      }
      // At home, so that none needs a transaction before its call.
      try deployment.write(requests.map(\.record))
      try awaiting("20 requests, and calls under way", state: { worker.program.tail }) {
        try MetricPage(port: admin)["linkworker_requests_unsettled"] == 20 && emulator.stats.concurrent > 0
      }
      // Nothing can be committed from here on, so the answers stay in the journal.
      kafka.pause()
      try awaiting("20 tokens", state: { worker.program.tail }) { emulator.stats.tokens == 20 }
      let copy = deployment.scratch["copy"]
      try awaiting("20 answers in the journal", state: { worker.program.tail }) {
        try FileManager.default.copyStore(from: deployment.scratch["store"], to: copy)
        return try rows(of: "journal", in: copy) == 20
      }
      kafka.resume()
      let outcomes = try deployment.awaitOutcomes(20, worker: worker)
      try deployment.awaitNoLag(worker: worker)
      #expect(try worker.stop().code == 0)

      let tokens = outcomes.compactMap(\.token)
      #expect(tokens.count == 20)
      #expect(try tables(with: tokens, in: copy, deployment.scratch) == ["journal"])
      let leaks = Leaks(tokens: tokens)
      let left = try FileManager.default.subpathsOfDirectory(atPath: deployment.scratch["store"])
      for file in left { #expect(leaks.areAbsent(from: Scratch.bytes(of: deployment.scratch["store"] + "/" + file))) }
    }

    /// Every way for a call to go wrong, some of them with the secrets in the adapter's own words.
    private var faults: [Int64: EmulatorRule] {
      let echo = "Bearer \(Deployment.credential) and eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2lnbmF0dXJl are bad"
      return [
        1: EmulatorRule(failure: .rejected(errmsg: echo)),
        2: EmulatorRule(failure: .status(503), failFirst: 3),
        3: EmulatorRule(failure: .fault(.truncate), failFirst: 2),
        4: EmulatorRule(failure: .fault(.lost), failFirst: 2),
        5: EmulatorRule(failure: .status(400)),
        6: EmulatorRule(failure: .status(429), failFirst: 2),
        7: EmulatorRule(failure: .status(403), failFirst: 1),
      ]
    }

    private func look(at admin: String, _ when: String, _ seen: inout [String: [UInt8]]) throws {
      for path in ["metrics", "readyz", "livez"] {
        let answer = try RunningProgram.run(["curl", "-s", "-i", "http://\(admin)/\(path)"])
        #expect(answer.code == 0)
        seen["\(path) \(when)"] = answer.output
      }
    }

    private func rows(of table: String, in store: String) throws -> Int {
      let script =
        "import sqlite3,sys; print(sqlite3.connect(sys.argv[1]).execute('select count(*) from ' + sys.argv[2]).fetchone()[0])"
      let outcome = try RunningProgram.run(["python3", "-c", script, store + "/links.db", table])
      // A copy of files that are being written may be torn: the next one is whole.
      return Int(outcome.outputText.trimmingCharacters(in: .whitespacesAndNewlines)) ?? -1
    }

    /// The tables of which a row has one of the tokens.
    private func tables(with tokens: [Secret], in store: String, _ scratch: Scratch) throws -> [String] {
      let needles = try scratch.write("needles", Array(tokens.map { $0.reveal() }.joined(separator: [0x0A])))
      let script = """
        import sqlite3, sys
        needles = open(sys.argv[2], 'rb').read().split(b'\\n')
        db = sqlite3.connect(sys.argv[1])
        db.text_factory = bytes
        for (name,) in db.execute("select name from sqlite_master where type='table' order by name").fetchall():
            rows = db.execute('select * from "' + name.decode() + '"').fetchall()
            text = b'|'.join(c if isinstance(c, bytes) else repr(c).encode() for row in rows for c in row)
            if any(n in text for n in needles): print(name.decode())
        """
      let outcome = try RunningProgram.run(["python3", "-c", script, store + "/links.db", needles])
      guard outcome.code == 0 else { throw Missing("The store's tables: \(outcome.errorText)") }
      return outcome.outputText.split(separator: "\n").map(String.init)
    }
  }
}

extension [UInt8] {
  fileprivate func contains(_ text: String) -> Bool { Data(self).range(of: Data(text.utf8)) != nil }
}

extension FileManager {
  /// Copies the database and its log, in the place of an earlier copy.
  fileprivate func copyStore(from store: String, to copy: String) throws {
    Scratch.remove(copy)
    try createDirectory(atPath: copy, withIntermediateDirectories: false)
    for file in ["links.db", "links.db-wal"] where fileExists(atPath: store + "/" + file) {
      try copyItem(atPath: store + "/" + file, toPath: copy + "/" + file)
    }
  }
}
