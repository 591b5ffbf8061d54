import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension EndToEnd {
  /// The way of single requests, from kcat to kcat.
  @Suite struct FlowTests {
    @Test(
      "Each request of kcat, keyed or not, structured or binary, has one outcome with its context and trace, on Kafka 4"
    )
    func flow() throws { try Flow(kafka: TestKafka.shared).prove() }

    @Test(
      "Each request of kcat has one outcome with its context and trace on Kafka 3.9 as well",
      .enabled(if: TestKafka.is39Available, "KAFKA_HOME has no libs-3.9"))
    func flow39() throws { try Flow(kafka: TestKafka.start(version: "3.9")).prove() }

    @Test("After the broker's compaction one state record a link is left, and a worker restored from it calls nobody")
    func compaction() throws {
      // Every other one succeeds at once, so that the adapter is not taken to be down.
      let emulator = try AdapterEmulator(forDeploymentWith: {
        for number in stride(from: 1, through: 49, by: 2) {
          $0.rules[request(number).userID] = EmulatorRule(failure: .status(503), failFirst: 2)
        }
      })
      defer { emulator.stop() }
      let deployment = try Deployment(kafka: TestKafka.shared, adapterURL: emulator.baseURL, partitions: 1)
      try TestKafka.alter(
        deployment.topic(.state), on: deployment.bootstrap,
        ["segment.ms": "200", "min.cleanable.dirty.ratio": "0.001", "max.compaction.lag.ms": "200"])
      let worker = try deployment.startWorker()
      let requests = (1...50).map { request($0) }
      try deployment.produce(lines: requests.map { (String($0.userID), $0.structured) }, [])
      try deployment.awaitOutcomes(50, worker: worker)
      let written = try deployment.records(.state).map(\.offset).max() ?? 0
      #expect(emulator.stats.calls == 100 && written >= 100, "each wait and each success is written")
      // Compaction leaves the segment that is written to alone: further links make new ones.
      var next = 51
      try awaiting("One record a link") {
        try deployment.produce(request(next).structured, key: String(request(next).userID))
        try deployment.awaitOutcomes(next, worker: worker)
        next += 1
        let links = try deployment.linkRecords()
        return requests.allSatisfy { links[$0.linkKey]?.count == 1 }
      }
      #expect(try worker.stop().code == 0)
      let calls = emulator.stats.calls

      deployment.removeStore()
      let second = try deployment.startWorker()
      let restored = try second.awaitLog("restore.done")
      #expect((restored.json["records"]?.integer ?? 0) >= Int64(next - 1))
      try deployment.produce(lines: requests.map { (String($0.userID), $0.structured) }, [])
      try deployment.awaitNoLag(worker: second)
      #expect(try second.stop().code == 0)
      #expect(emulator.stats.calls == calls)
      #expect(try deployment.outcomes().count == next - 1)
    }

    private func request(_ number: Int) -> RequestEvent {
      RequestEvent(
        id: "r\(number)", userID: Int64(1000 + number), idempotencyKey: "k\(number)", accounts: [Int64(number)])
    }
  }
}

/// Sixteen requests, each written in another way, and all that is to be seen of them.
private struct Flow {
  private let kafka: RealKafka
  private let emulator: AdapterEmulator
  private let deployment: Deployment
  private let requests: [RequestEvent]

  private static let month: Milliseconds = 30 * 24 * 3_600_000

  init(kafka: RealKafka) throws {
    self.kafka = kafka
    emulator = try AdapterEmulator(forDeploymentWith: { _ in })
    deployment = try Deployment(kafka: kafka, adapterURL: emulator.baseURL)
    requests = (0..<16).map { number in
      RequestEvent(
        id: "r\(number)", userID: 9_007_199_254_740_993 + Int64(number), idempotencyKey: "k\(number)",
        accounts: [Int64.max - Int64(number), 17],
        context: #"{ "z":\#(number),"big":123456789012345678901234567890, "e":1.50E+2,"text":"\u00fc ü 🜁 \/","a":[ ] }"#
      )
    }
  }

  func prove() throws {
    defer { emulator.stop() }
    let worker = try deployment.startWorker()
    try write()
    try deployment.awaitOutcomes(requests.count, worker: worker)
    try deployment.awaitNoLag(worker: worker)
    try proveOutcomes()
    try proveWhatKcatPrints()
    let outcome = try worker.stop()
    #expect(outcome.code == 0 && outcome.output.isEmpty)
    try proveState(log: outcome.errors)
  }

  private func trace(_ index: Int) -> String { "00-0af7651916cd43dd8448eb211c80319c-b7ad6b71692033\(10 + index)-01" }

  /// By turns: kcat's default partitioner with a key and without one, structured and binary, announced or not.
  private func write() throws {
    for (index, request) in requests.enumerated() {
      let headers = ["traceparent=\(trace(index))"]
      let key = index % 2 == 0 ? String(request.userID) : nil
      switch index / 2 % 3 {
      case 0: try deployment.produce(request.structured, key: key, headers: headers)
      case 1: try deployment.produce(request.data, key: key, headers: headers + request.binaryHeaders)
      default:
        let type = ["content-type=application/cloudevents+json; charset=utf-8"]
        try deployment.produce(request.structured, key: key, headers: headers + type)
      }
    }
  }

  private func proveOutcomes() throws {
    let outcomes = try deployment.outcomes()
    #expect(outcomes.count == requests.count)
    for (index, request) in requests.enumerated() {
      let own = outcomes.filter { $0.requestID == request.id }
      let outcome = try #require(own.first)
      #expect(own.count == 1 && outcome.isA("token-ready") && outcome.userID == request.userID)
      #expect(outcome.data["context"]?.written == Array((request.context ?? "").utf8))
      #expect(outcome.header("traceparent") == trace(index))
      #expect(outcome.header("content-type") == "application/cloudevents+json")
      #expect(outcome.record.key == Array(String(request.userID).utf8))
      let issued = try #require(outcome.data["issuedAt"]?.text.flatMap { Timestamp(rfc3339: $0.utf8) })
      let expires = try #require(outcome.data["expiresAt"]?.text.flatMap { Timestamp(rfc3339: $0.utf8) })
      #expect(expires - issued == Self.month)
      let claims = try #require(outcome.token.flatMap { emulator.verify($0) })
      #expect(claims.userId == request.userID && claims.accounts == .some(request.accounts))
      #expect(claims.brokerNames == ["northwind"] && claims.isVerified == nil)
      #expect(emulator.user(request.userID)?.calls == 1)
      #expect(emulator.user(request.userID)?.callsByTraceparent == [trace(index): 1])
    }
    #expect(emulator.stats.calls == requests.count)
  }

  /// What an ordinary `read_committed` client sees, byte for byte.
  private func proveWhatKcatPrints() throws {
    let printed = try Kcat.run(
      [
        "-C", "-t", deployment.topic(.outcomes), "-o", "beginning", "-e", "-q", "-X", "isolation.level=read_committed",
        "-f", "%k\t%h\t%s\n",
      ], on: kafka.bootstrap
    ).output.split(separator: UInt8(ascii: "\n"))
    #expect(printed.count == requests.count)
    for (index, request) in requests.enumerated() {
      let mark = Array("\"requestId\":\"\(request.id)\"".utf8)
      let line = String(decoding: try #require(printed.first { $0.contains(mark) }), as: UTF8.self)
      let parts = line.split(separator: "\t", maxSplits: 2)
      try #require(parts.count == 3)
      #expect(parts[0] == "\(request.userID)" && parts[1].contains("traceparent=\(trace(index))"))
      #expect(parts[2].contains("\"context\":" + (request.context ?? "") + "}"))
    }
  }

  private func proveState(log: [UInt8]) throws {
    let live = try deployment.liveState()
    #expect(live.count == requests.count + Int(deployment.partitions), "a record a link, and an identity a partition")
    for request in requests {
      guard case .link(let link)? = live[.link(request.linkKey)], case .succeeded = link.state else {
        Issue.record("\(request.id) has no succeeded link in the state topic")
        continue
      }
    }
    #expect(try deployment.records(.deadLetters).isEmpty)
    let leaks = Leaks(tokens: try deployment.outcomes().compactMap(\.token))
    #expect(!leaks.areAbsent(from: try deployment.records(.outcomes)), "the search finds a token where one is")
    #expect(leaks.areAbsent(from: try deployment.records(.state)))
    #expect(leaks.areAbsent(from: log))
  }
}

extension Deployment {
  /// The records of the state topic by link, as they stand there.
  fileprivate func linkRecords() throws -> [LinkKey: [Link]] {
    var found: [LinkKey: [Link]] = [:]
    for record in try records(.state) {
      if case .link(let link) = try StateRecord.decode(key: record.key ?? [], value: record.value) {
        found[link.key, default: []].append(link)
      }
    }
    return found
  }
}
