import Foundation
import LinkTestSupport
import Testing

@testable import LinkCore
@testable import LinkOps

@Suite("Metrics") struct MetricTests {
  let worker = Fixture()

  private func text(_ format: MetricFormat) -> String { String(decoding: worker.metrics.text(format), as: UTF8.self) }

  @Test("Every row of the table is served, in its order, with every value that its labels can have")
  func table() {
    let families = worker.metrics.families
    #expect(families.map(\.definition.name) == MetricTable.all.map(\.name))
    #expect(Set(MetricTable.all.map(\.name)).count == MetricTable.all.count)
    for family in families {
      let expected: [[String]] =
        switch family.definition.labels {
        case .none: [[]]
        case .values(_, let values): values.map { [$0] }
        case .rows(_, let rows): rows
        case .program: [["1.2.3", "4.5.6"]]
        }
      #expect(family.series.map(\.labels) == expected, "\(family.definition.name)")
      #expect(family.definition.help.hasSuffix("."), "\(family.definition.name): end the help with a full stop")
      #expect(!family.definition.help.contains("|"), "\(family.definition.name): no | in a Markdown table")
    }
  }

  @Test("Whatever happens, the number of series stays the same, and below 500")
  func bounded() throws {
    let before = try MetricPage(text(.prometheus)).samples.keys.sorted()
    for kind in Note.Decided.Kind.allCases {
      for code in DecisionCode.all where code.kind == kind {
        for user in 1...50 {
          let key = LinkKey(userId: Int64(user), idempotencyKey: Text("key-\(user)"))
          let decided = Note.Decided(kind: kind, partition: Int32(user), key: key, code: code.code)
          worker.metrics.observe(.decided(decided))
        }
      }
    }
    let page = try MetricPage(text(.prometheus))
    #expect(page.samples.keys.sorted() == before)
    #expect(before.count < 500)
    #expect(page.sum("linkworker_decisions_total") == Double(50 * DecisionCode.all.count))
    #expect(!page.text.contains("key-"))
  }

  @Test("The codes of the events and the reasons of dead letters are all among the decisions")
  func codes() {
    let codes = Set(DecisionCode.all.map(\.code))
    #expect(codes.isSuperset(of: FailureCode.allCases.map(\.rawValue)))
    #expect(codes.isSuperset(of: RefusalCode.allCases.map(\.rawValue)))
    #expect(codes.isSuperset(of: Malformation.Reason.allCases.map(\.rawValue)))
    #expect(DecisionCode.all.count < 40)
  }

  @Test("promtool finds nothing to say about the page")
  func promtool() throws { #expect(try MetricReader.promtool(text(.prometheus)) == "") }

  @Test("Prometheus' client for Python reads the OpenMetrics page, and as many samples as the other has")
  func openMetrics() throws {
    worker.metrics.observe(.committed(decisions: 1, took: 3, links: [20, 90_000, 400_000_000]))
    let page = text(.openMetrics)
    #expect(try MetricReader.openMetrics(page) == MetricPage(text(.prometheus)).samples.count)
    #expect(page.hasSuffix("\n# EOF\n"))
    #expect(page.contains("# TYPE linkworker_adapter_calls counter\n"))
    #expect(page.contains("# UNIT linkworker_link_duration_seconds seconds\n"))
    #expect(page.contains("\nlinkworker_adapter_calls_total{class=\"succeeded\"} 0\n"))
    // Proof that the reader would complain.
    #expect(throws: Missing.self) { try MetricReader.openMetrics(page.replacing("# EOF\n", with: "")) }
  }

  @Test("A duration is in the bucket of the next upper end and in all above it, and in the sum")
  func histogram() throws {
    for links in [[10], [11, 20], [259_200_000], [259_200_001], [-5]] as [[Milliseconds]] {
      worker.metrics.observe(.committed(decisions: 1, took: 0, links: links))
    }
    let page = try MetricPage(text(.prometheus))
    func bucket(_ bound: String) -> Double? { page["linkworker_link_duration_seconds_bucket{le=\"\(bound)\"}"] }
    #expect(bucket("0.01") == 2 && bucket("0.02") == 4 && bucket("86400.0") == 4)
    #expect(bucket("259200.0") == 5 && bucket("+Inf") == 6)
    #expect(page["linkworker_link_duration_seconds_count"] == 6)
    #expect(page["linkworker_link_duration_seconds_sum"] == 518_400.042)
    #expect(page["linkworker_transactions_total{result=\"committed\"}"] == 5)
  }

  @Test("Transactions, calls and skipped records count by what became of them; the totals leave out what did not occur")
  func counts() throws {
    for fault in Note.TransactionFault.allCases {
      worker.metrics.observe(.commitFailed(fault, reason: "r", inARow: 1, took: 40))
    }
    let key = LinkKey(userId: 1, idempotencyKey: "k")
    for verdict in Attempt.Verdict.allCases {
      worker.metrics.observe(.called(key: key, verdict: verdict, status: nil, detail: nil, took: 7))
    }
    worker.metrics.observe(.recordSkipped(partition: 0, offset: 1))
    let page = try MetricPage(text(.prometheus))
    for fault in Note.TransactionFault.allCases {
      #expect(page["linkworker_transactions_total{result=\"\(fault.rawValue)\"}"] == 1)
    }
    for verdict in Attempt.Verdict.allCases {
      #expect(page["linkworker_adapter_calls_total{class=\"\(verdict.rawValue)\"}"] == 1)
    }
    #expect(page["linkworker_adapter_call_duration_seconds_bucket{le=\"0.01\"}"] == 7)
    #expect(page["linkworker_records_skipped_total"] == 1)
    #expect(worker.metrics.totals.pairs.map(\.name) == ["calls", "skipped"])
  }

  @Test("Gauges show the engine's load, the health and this process")
  func gauges() throws {
    worker.run()
    worker.health.loop.beat(at: worker.now.uptime)
    worker.metrics.observe(Fixture.load(open: 2, isRefused: true, breaker: .halfOpen))
    let page = try MetricPage(text(.prometheus))
    let wall = Double(worker.now.wall.milliseconds) / 1000
    #expect(page["linkworker_ready"] == 1 && page["linkworker_adapter_credential_refused"] == 1)
    #expect(page["linkworker_adapter_breaker_state{state=\"half_open\"}"] == 1)
    #expect(page.sum("linkworker_adapter_breaker_state") == 1)
    #expect(page["linkworker_partitions{state=\"open\"}"] == 2)
    #expect(page["linkworker_last_commit_timestamp_seconds"] == wall)
    #expect(page["linkworker_loop_last_turn_timestamp_seconds"] == wall)
    #expect(page["linkworker_build_info{version=\"1.2.3\",librdkafka=\"4.5.6\"}"] == 1)
    #expect((1e6...1e10).contains(page["process_resident_memory_bytes"] ?? 0))
    #expect((page["process_open_fds"] ?? 0) > 2)
    #expect((page["process_max_fds"] ?? 0) >= (page["process_open_fds"] ?? 0))
    let age = Date().timeIntervalSince1970 - (page["process_start_time_seconds"] ?? 0)
    #expect((-2...3600).contains(age), "this test began \(age) s ago")
  }

  @Test(
    "The format is the one that the Accept header prefers",
    arguments: [
      (nil, MetricFormat.prometheus), ("", .prometheus), ("*/*", .prometheus), ("text/plain", .prometheus),
      ("application/openmetrics-text; version=1.0.0", .openMetrics), ("application/openmetrics-text", .openMetrics),
      (
        "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
          + "text/plain;version=0.0.4;q=0.3,*/*;q=0.2", .openMetrics
      ),
      ("text/plain;version=0.0.4;q=0.9, application/openmetrics-text;q=0.1", .prometheus),
      ("application/openmetrics-text;q=0, */*", .prometheus), ("application/openmetrics-text;version=9", .prometheus),
      (";;;,=,q=", .prometheus),
    ])
  func negotiation(accept: String?, format: MetricFormat) { #expect(MetricFormat(accept: accept) == format) }

  @Test("What is counted of a link costs next to nothing")
  func cost() {
    let key = LinkKey(userId: 1, idempotencyKey: "k")
    let decided = Note.decided(.init(kind: .succeeded, partition: 0, key: key))
    let called = Note.called(key: key, verdict: .succeeded, status: 200, detail: nil, took: 7)
    let began = uptime()
    for _ in 0..<10_000 {
      worker.metrics.recordsReceived.add()
      worker.metrics.observe(called)
      worker.metrics.observe(decided)
    }
    worker.metrics.observe(.committed(decisions: 10_000, took: 9, links: Array(repeating: 30, count: 10_000)))
    let microseconds = (uptime() - began) * 100
    print("metrics: \(microseconds) µs a link")
    // Ten times what is promised: a debug build on a busy machine.
    #expect(microseconds < 20)
  }
}
