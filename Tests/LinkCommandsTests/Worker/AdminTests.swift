import Dispatch
import Glibc
import LinkCore
import LinkKafka
import LinkOps
import LinkSandbox
import LinkTestSupport
import Testing

@testable import LinkCommands

@Suite("A worker's admin address", .timeLimit(.minutes(10)))
struct AdminTests {
  @Test("After a mixed load of 10 000 users the counters are the truth, and there are fewer than 500 series")
  func truth() throws {
    let rig = try AdminRig { configuration in
      for user in Self.users {
        switch user % 50 {
        case 0..<5: configuration.rules[user] = EmulatorRule(failure: .status(503), failFirst: 1)
        case 10: configuration.rules[user] = EmulatorRule(failure: .rejected(errmsg: "Account is blocked"))
        default: continue
        }
      }
    }
    let idle = try MetricPage(port: rig.port).samples.keys.sorted()
    let requests = Self.users.map {
      RequestEvent(id: "r\($0)", userID: $0, idempotencyKey: "key-\($0)", accounts: [$0])
    }
    try rig.send(requests)
    try rig.await("linkworker_decisions_total{kind=\"succeeded\",code=\"\"}", 9800)
    let duplicates = requests.prefix(20).map { request in
      var again = request
      again.id += "-again"
      return again
    }
    let conflicts = requests.prefix(5).map { request in
      var other = request
      other.id += "-other"
      other.accounts = [4_711]
      return other
    }
    try rig.send(duplicates + conflicts)
    // Legible without accounts, illegible, and without a value.
    try rig.send((1...7).map { RequestEvent(id: "bad\($0)", userID: $0, idempotencyKey: "bad\($0)", accounts: []) })
    try rig.send(values: [Array("{".utf8), Array("{".utf8), Array("{".utf8), nil, nil])
    try rig.await("linkworker_records_skipped_total", 2)
    try rig.await("linkworker_requests_unsettled", 0)
    for gauge in ["consumer_lag_records", "links_scheduled", "journal_entries"] {
      try rig.await("linkworker_\(gauge)", 0)
    }

    let page = try MetricPage(port: rig.port)
    let expected: [String: Double] = [
      "decisions_total{kind=\"succeeded\",code=\"\"}": 9800,
      "decisions_total{kind=\"failed\",code=\"adapter_rejected\"}": 200,
      "decisions_total{kind=\"scheduled\",code=\"\"}": 1000,
      "decisions_total{kind=\"duplicate\",code=\"\"}": 20,
      "decisions_total{kind=\"refused\",code=\"idempotency_conflict\"}": 5,
      "decisions_total{kind=\"refused\",code=\"invalid_request\"}": 7,
      "decisions_total{kind=\"dead_lettered\",code=\"invalid_data\"}": 7,
      "decisions_total{kind=\"dead_lettered\",code=\"not_json\"}": 3,
      "records_received_total": 10_037, "records_skipped_total": 2,
      "adapter_calls_total{class=\"succeeded\"}": 9800, "adapter_calls_total{class=\"transient\"}": 1000,
      "adapter_calls_total{class=\"rejected\"}": 200, "adapter_call_duration_seconds_count": 11_000,
      "link_duration_seconds_count": 10_000, "links_scheduled": 0, "journal_entries": 0,
      "partitions{state=\"open\"}": Double(AdminRig.partitions), "consumer_lag_max_records": 0, "ready": 1,
    ]
    for (series, value) in expected { #expect(page["linkworker_\(series)"] == value, "\(series)") }
    #expect(page.sum("linkworker_decisions_total") == 11_042)
    #expect(Double(rig.emulator.stats.calls) == page.sum("linkworker_adapter_calls_total"))
    #expect(page["linkworker_transaction_duration_seconds_count"] == page.sum("linkworker_transactions_total"))
    #expect((page["linkworker_store_size_bytes"] ?? 0) > 1_000_000)

    #expect(page.samples.keys.sorted() == idle, "no series has come with the load")
    #expect(idle.count < 500)
    #expect(try MetricReader.promtool(page.text) == "")
    let open = try HTTPAnswer.get("/metrics", port: rig.port, headers: ["Accept: application/openmetrics-text"])
    #expect(try MetricReader.openMetrics(open.body) == idle.count)
    let ready = try HTTPAnswer.get("/readyz", port: rig.port)
    #expect(ready.status == 200)
    let shown = Array((page.text + open.body + ready.body).utf8)
    #expect(Leaks(tokens: []).areAbsent(from: shown))
    #expect(!page.text.contains("northwind") && !page.text.contains("key-"))
    #expect(rig.stop() == .ok)
  }

  @Test("It answers before Kafka is there; ready comes with the assignment and goes with a credential that is refused")
  func readiness() throws {
    let rig = try AdminRig(startsWorker: false) { _ in }
    rig.start()
    try rig.await("linkworker_ready", 1)
    #expect(try HTTPAnswer.get("/readyz", port: rig.port).status == 200)
    let typed = AdminRig.readmeCommand.replacing(":9464", with: ":\(rig.port)")
    let shown = try RunningProgram.run(["sh", "-c", typed])
    #expect(shown.code == 0 && shown.outputText.hasPrefix(#"{"ready":true,"checks":{"running":{"ok":true}"#))
    rig.emulator.setCredential(Secret(Array("another-credential".utf8)))
    try rig.send([RequestEvent(id: "r1", userID: 1, idempotencyKey: "k1", accounts: [1])])
    try awaiting("Unready") { try HTTPAnswer.get("/readyz", port: rig.port).status == 503 }
    let page = try JSONValue(parsing: Array(HTTPAnswer.get("/readyz", port: rig.port).body.utf8))
    #expect(page["checks"]?["credential"]?["reason"]?.text?.string.contains("adapter.credential.file") == true)
    #expect(try HTTPAnswer.get("/livez", port: rig.port).status == 200)
    try rig.await("linkworker_adapter_credential_refused", 1)
    try rig.await("linkworker_links_scheduled", 1)
    #expect(rig.stop() == .ok)
    #expect(throws: Missing.self) { try HTTPAnswer.get("/livez", port: rig.port) }
  }

  @Test("A partition that stands still shows the requests that wait in it as lag")
  func blocked() throws {
    let rig = try AdminRig(startsWorker: false) { _ in }
    try rig.spoilState(of: 0)
    try rig.send(values: [[1], [2], [3]])
    rig.start()
    try rig.await("linkworker_partitions{state=\"blocked\"}", 1)
    try rig.await("linkworker_consumer_lag_records", 3)
    #expect(try MetricPage(port: rig.port)["linkworker_consumer_lag_max_records"] == 3)
    #expect(rig.stop() == .ok)
  }

  @Test("While Kafka cannot be reached /livez says 200 and /readyz 503, and SIGTERM ends the start with 0")
  func withoutKafka() throws {
    let directory = try TemporaryDirectory()
    let credential = try directory.write("credential", "x\n")
    let program = try RunningProgram(
      [RunningProgram.linkworker] + Self.run(directory, credential, "127.0.0.1:0"))
    defer { program.kill() }
    var port: UInt16?
    try awaiting("The admin address", state: { program.tail }) {
      let text = String(decoding: program.errors, as: UTF8.self)
      port = text.firstMatch(of: /"address":"127\.0\.0\.1:([0-9]+)"/).flatMap { UInt16($0.1) }
      return port != nil
    }
    let found = try #require(port)
    #expect(try HTTPAnswer.get("/livez", port: found).status == 200)
    let ready = try HTTPAnswer.get("/readyz", port: found)
    #expect(ready.status == 503 && ready.body.contains(#""assigned":{"ok":false"#))
    // It still starts, and waits for Kafka: nothing is in flight.
    program.signal(SIGTERM)
    let end = try program.end()
    #expect(end.code == 0 && end.errorText.contains(#""event":"worker.stopped""#), "\(end.errorText)")
  }

  @Test("A port that another program has ends the start with 73 and says what to try")
  func taken() throws {
    let other = try AdapterEmulator(forDeploymentWith: { _ in })
    defer { other.stop() }
    let directory = try TemporaryDirectory()
    let credential = try directory.write("credential", "x\n")
    let outcome = try RunningProgram.run(
      [RunningProgram.linkworker] + Self.run(directory, credential, "127.0.0.1:\(other.port)"))
    #expect(outcome.code == 73)
    let line = outcome.errorText.split(separator: "\n").filter { !$0.hasPrefix("{") }
    #expect(
      line == [
        "linkworker: listen: admin.listen 127.0.0.1:\(other.port): Address already in use. "
          + "Try: another port in admin.listen, 0 for any that is free, or none"
      ])
  }

  @Test("admin.listen takes an address or none, and says what it is otherwise")
  func setting() throws {
    #expect(try Self.load([]).adminListen == ListenAddress(host: "127.0.0.1", port: 9464))
    #expect(try Self.load(["admin.listen=[::1]:0"]).adminListen == ListenAddress(host: "::1", port: 0))
    #expect(try Self.load(["admin.listen=none"]).adminListen == nil)
    let failure = try #require(throws: SettingsFailure.self) { try Self.load(["admin.listen=my.host:9464"]) }
    #expect(failure.problems.count == 1)
    #expect(failure.problems.first?.fault.reason.contains("no address to listen on") == true)
  }

  private static let users = Int64(1)...10_000

  private static func run(_ directory: TemporaryDirectory, _ credential: String, _ listen: String) -> [String] {
    let settings = [
      "kafka.bootstrap.servers=127.0.0.1:1", "adapter.url=http://127.0.0.1:1",
      "adapter.credential.file=\(credential)", "store.directory=\(directory.path)/store", "admin.listen=\(listen)",
    ]
    return ["run"] + settings.flatMap { ["-X", $0] }
  }

  private static func load(_ more: [String]) throws -> WorkerSettings {
    let directory = try TemporaryDirectory()
    let credential = try directory.write("credential", "x\n")
    return try SettingsLoader(
      arguments: [
        "kafka.bootstrap.servers=localhost:1", "adapter.url=http://127.0.0.1:1",
        "adapter.credential.file=\(credential)",
      ] + more
    ).load(for: .worker)
  }
}
