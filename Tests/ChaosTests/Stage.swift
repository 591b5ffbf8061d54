import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

/// Workers that reach their brokers through a proxy, requests to them, and what has to come of each; the test's own clients do not come by the proxy.
final class Stage {
  /// Between the workers and the brokers.
  let proxy: KafkaProxy
  let emulator: AdapterEmulator
  let deployment: Deployment
  private(set) var workers: [WorkerProcess] = []
  private var links: [RequestEvent] = []
  /// How many links there are.
  var linkCount: Int { links.count }

  /// One broker behind a proxy, which the tests of a process share; each leaves it running and the proxy without rules.
  static var shared: (kafka: RealKafka, proxy: KafkaProxy) { get throws { try present.get() } }

  private static let present: Result<(kafka: RealKafka, proxy: KafkaProxy), any Error> = Result {
    let proxy = try KafkaProxy(.kafka)
    return (try TestKafka.start(behind: proxy), proxy)
  }

  /// Makes the topics.
  ///
  /// - Parameters:
  ///   - adapterURL: Where workers find the adapter, by the emulator's own address; the emulator itself unless given.
  init(
    _ bootstrap: String, _ proxy: KafkaProxy, latency: Milliseconds = 5, settings: [String: String] = [:],
    adapterURL: (AdapterEmulator) -> String = { $0.baseURL }
  ) throws {
    self.proxy = proxy
    proxy.reset()
    emulator = try AdapterEmulator(forDeploymentWith: {
      $0.latency = latency
      $0.jitter = latency
    })
    deployment = try Deployment(
      bootstrap: bootstrap, adapterURL: adapterURL(emulator),
      settings: ["admin.listen": "127.0.0.1:0"].merging(settings) { $1 })
  }

  deinit { emulator.stop() }

  /// Starts a worker and waits until it serves all partitions. Settings win over the deployment's.
  @discardableResult
  func start(_ settings: [String: String] = [:]) throws -> WorkerProcess {
    let worker = try join(settings)
    try worker.awaitLanes(deployment.partitions)
    return worker
  }

  /// Starts a worker.
  func join(_ settings: [String: String] = [:]) throws -> WorkerProcess {
    let worker = try deployment.startWorker(["kafka.bootstrap.servers": proxy.bootstrap].merging(settings) { $1 })
    workers.append(worker)
    return worker
  }

  /// Writes requests for new links; every fifth one's user is answered 503 once.
  func write(_ count: Int) throws {
    let new: [RequestEvent] = (links.count..<links.count + count).map { number -> RequestEvent in
      RequestEvent(
        id: "r\(number)", userID: Int64(100_000 + number / 2), idempotencyKey: "k\(number)",
        accounts: [Int64(number + 1)])
    }
    for request in new where request.userID % 5 == 0 {
      emulator.setRule(EmulatorRule(failure: .status(503), failFirst: 1), for: request.userID)
    }
    try deployment.write(
      new.map { request in
        OutgoingRecord(
          topic: .requests, key: Array(String(request.userID).utf8), value: Array(request.structured.utf8),
          headers: [Header("content-type", "application/cloudevents+json")])
      })
    links += new
  }

  /// Waits until so many outcomes are there; all of them unless given.
  func awaitOutcomes(_ count: Int? = nil, within seconds: Double = 180) throws {
    try deployment.awaitOutcomes(count ?? links.count, within: seconds, worker: running)
  }

  /// A worker that runs, for messages, and so that nobody waits for one that has died.
  private var running: WorkerProcess? { workers.last { $0.program.isRunning } ?? workers.last }

  /// What a worker's page says of transactions that ended so.
  func transactions(_ result: String, of worker: WorkerProcess) throws -> Double {
    try MetricPage(port: try worker.adminPort())["linkworker_transactions_total{result=\"\(result)\"}"] ?? 0
  }

  /// What all came to.
  struct Tally: CustomStringConvertible {
    var links = 0
    var calls = 0
    /// Calls that no outcome counts: each was made again because its answer was lost with a partition.
    var extraCalls = 0
    /// How many of those there may be.
    var bound = 0
    var description: String { "\(links) links, \(calls) calls, \(extraCalls) extra calls (bound \(bound))" }
  }

  /// Waits until everything is settled, ends the workers, and proves that each link has one outcome, a token for what it asked for, a state that agrees, and
  /// no call that neither an attempt nor a lost partition explains.
  @discardableResult
  func prove(within seconds: Double = 180) throws -> Tally {
    try awaitOutcomes(within: seconds)
    try deployment.awaitNoLag(within: seconds, worker: running)
    // Before the end: what is given up then is settled.
    let losses = workers.reduce(0) { $0 + $1.log("lanes.revoked").count }
    for worker in workers where worker.program.isRunning { #expect(try worker.stop().code == 0) }
    let outcomes = try proveOutcomes()
    let tally = try proveCalls(outcomes, losses: losses)
    for case .link(let link) in try deployment.liveState().values {
      #expect(link.state.isSucceeded, "\(link.key)")
    }
    #expect(try deployment.records(.deadLetters).isEmpty)
    let audit = try deployment.audit()
    #expect(audit.isClean, "\(audit)")
    return tally
  }

  private func proveOutcomes() throws -> [String: OutcomeEvent] {
    var outcomes: [String: OutcomeEvent] = [:]
    for outcome in try deployment.outcomes() {
      let earlier = outcomes.updateValue(outcome, forKey: outcome.requestID)
      #expect(earlier == nil, "\(outcome.requestID) has two outcomes")
    }
    #expect(outcomes.count == links.count)
    for link in links {
      let outcome = outcomes[link.id]
      #expect(outcome?.isA("token-ready") == true, "\(link.id)")
      let claims = outcome?.token.flatMap { emulator.verify($0) }
      #expect(claims?.userId == link.userID && claims?.accounts == .some(link.accounts), "\(link.id)")
    }
    return outcomes
  }

  /// A link has at most as many calls as its outcome counts, and one more for each loss of partitions.
  private func proveCalls(_ outcomes: [String: OutcomeEvent], losses: Int) throws -> Tally {
    var calls: [Int64: Int] = [:]
    for call in emulator.bodies() {
      let accounts = try JSONValue(parsing: call.body)["ctidTraderAccountIds"]
      calls[try #require(accounts?.children.compactMap(\.integer).first), default: 0] += 1
    }
    var tally = Tally(links: links.count, calls: emulator.stats.calls, bound: losses * links.count)
    for link in links {
      let attempts = Int(outcomes[link.id]?.attempts ?? 0)
      let made = calls[link.accounts[0]] ?? 0
      #expect(
        (1...attempts + losses).contains(made), "\(link.id): \(made) calls, \(attempts) attempts, \(losses) losses")
      tally.extraCalls += max(made - attempts, 0)
    }
    #expect(calls.count == links.count && calls.values.reduce(0, +) == tally.calls)
    return tally
  }
}

extension Link.State {
  fileprivate var isSucceeded: Bool {
    switch self {
    case .succeeded: true
    case .failed, .scheduled: false
    }
  }
}
