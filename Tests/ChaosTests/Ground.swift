import Glibc
import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

/// A deployment with an adapter that counts, and requests whose users have their home where a test wants it.
struct Ground {
  let emulator: AdapterEmulator
  let deployment: Deployment

  /// - Parameters:
  ///   - partitions: Of every topic.
  ///   - settings: Of every worker.
  ///   - change: How the adapter is to be.
  init(
    partitions: Int32 = 2, settings: [String: String] = [:],
    adapter change: (inout AdapterEmulatorConfiguration) -> Void = { _ in }
  ) throws {
    emulator = try AdapterEmulator(forDeploymentWith: change)
    deployment = try Deployment(
      kafka: TestKafka.shared, adapterURL: emulator.baseURL, partitions: partitions,
      settings: ["admin.listen": "127.0.0.1:0"].merging(settings) { $1 })
  }

  /// The request of a link of its own, of a user whose home is this partition.
  func request(_ number: Int, home: Int32) -> RequestEvent {
    let users = Int64(number * 1_000)...
    let user = users.first { HomePartition.of(userId: $0, partitionCount: deployment.partitions) == home } ?? 0
    return RequestEvent(id: "r\(number)", userID: user, idempotencyKey: "k\(number)", accounts: [Int64(number)])
  }

  /// Writes requests to their homes, or to the partition that is named.
  func send(_ requests: [RequestEvent], partition: Int32? = nil, at timestamp: Timestamp? = nil) throws {
    try deployment.write(
      requests.map { request in
        OutgoingRecord(
          topic: .requests, partition: partition, key: Array(String(request.userID).utf8),
          value: Array(request.structured.utf8),
          headers: [Header("content-type", "application/cloudevents+json")], timestamp: timestamp)
      })
  }

  /// Starts a worker, sends the requests, and stops it when each has its outcome and the group is at the end.
  func serve(_ requests: [RequestEvent]) throws {
    let worker = try deployment.startWorker()
    try send(requests)
    try deployment.awaitOutcomes(requests.count, worker: worker)
    try deployment.awaitNoLag(worker: worker)
    try #require(try worker.stop().code == 0)
  }

  /// Waits until a partition of this worker stands still, and proves that the log, `/readyz` and the metrics say so, with these words as the reason.
  func expectBlocked(
    _ worker: WorkerProcess, partition: Int32, _ words: [String], within seconds: Double = 120,
    _ source: SourceLocation = #_sourceLocation
  ) throws {
    let line = try worker.awaitLog("lane.blocked", within: seconds)
    #expect(line.level == "error" && line.json["partition"]?.integer == Int64(partition), sourceLocation: source)
    let message = line.message
    for word in words + ["Try: "] {
      #expect(message.contains(word), "\(message)", sourceLocation: source)
    }
    let port = try worker.adminPort()
    try awaiting("A page that says so", state: { (try? HTTPAnswer.get("/readyz", port: port).body) ?? "" }) {
      let page = try HTTPAnswer.get("/readyz", port: port)
      return page.status == 503 && page.body.contains("\"unblocked\":{\"ok\":false")
        && page.body.contains("partition \(partition): ")
    }
    try awaiting("A metric that says so") {
      try MetricPage(port: port)["linkworker_partitions{state=\"blocked\"}"] == 1
    }
    #expect(worker.log("lane.blocked").count == 1, sourceLocation: source)
  }

  /// Proves that `linkworker audit` finds these kinds of faults and no others; by itself: none.
  func expectAudit(_ kinds: Set<String> = [], _ source: SourceLocation = #_sourceLocation) throws {
    let report = try deployment.audit()
    #expect(Set(report.kinds.keys) == kinds, "\(report)", sourceLocation: source)
  }

  /// Proves that each of these links has exactly one outcome, a token, that the adapter was called once for it, and that there is nothing else.
  func expectOneTokenEach(_ requests: [RequestEvent], _ source: SourceLocation = #_sourceLocation) throws {
    let outcomes = try deployment.outcomes()
    #expect(outcomes.map(\.requestID).sorted() == requests.map(\.id).sorted(), sourceLocation: source)
    for outcome in outcomes {
      #expect(outcome.isA("token-ready"), "\(outcome.json)", sourceLocation: source)
    }
    for request in requests {
      #expect(emulator.user(request.userID)?.calls == 1, "\(request.id)", sourceLocation: source)
    }
    #expect(emulator.stats.calls == requests.count, sourceLocation: source)
  }
}
