import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

/// Links that the workers of a deployment are asked for, and the proof of what came of each: one token, for what was asked, for as many calls
/// as its outcome says.
final class Load {
  let emulator: AdapterEmulator
  let deployment: Deployment
  private(set) var requests: [RequestEvent] = []
  private var outputs: [() -> [UInt8]] = []
  /// Settings by which the topics may be read.
  private let auditSettings: [String: String]

  /// A deployment with an adapter of its own, which answers after a few milliseconds.
  ///
  /// - Parameters:
  ///   - kafka: nil: the broker that the tests share.
  ///   - settings: Of every worker.
  init(
    kafka: RealKafka? = nil, partitions: Int32 = 2, settings: [String: String] = [:],
    adapter change: (inout AdapterEmulatorConfiguration) -> Void = { _ in }
  ) throws {
    auditSettings = [:]
    emulator = try AdapterEmulator(forDeploymentWith: {
      $0.latency = 2
      $0.jitter = 5
      change(&$0)
    })
    deployment = try Deployment(
      kafka: kafka ?? TestKafka.shared, adapterURL: emulator.baseURL, partitions: partitions,
      settings: ["admin.listen": "127.0.0.1:0"].merging(settings) { $1 })
  }

  /// An emulator and a deployment that were made otherwise.
  init(emulator: AdapterEmulator, deployment: Deployment, auditSettings: [String: String]) {
    self.emulator = emulator
    self.deployment = deployment
    self.auditSettings = auditSettings
  }

  deinit { emulator.stop() }

  /// Starts a worker, whose log the proof looks at as well.
  func startWorker(
    _ more: [String: String] = [:], environment: [String: String] = [:], through launcher: [String] = []
  ) throws -> WorkerProcess {
    let worker = try deployment.startWorker(more, environment: environment, through: launcher)
    outputs.append { worker.program.errors }
    return worker
  }

  /// Asks for so many further links, each of a user of its own.
  func ask(_ count: Int, context: String? = nil, partition: Int32? = nil) throws {
    let first = requests.count + 1
    let more = (first..<first + count).map { number in
      RequestEvent(
        id: "r\(number)", userID: Int64(number), idempotencyKey: "k\(number)", accounts: [Int64(number)],
        context: context)
    }
    requests += more
    try write(more, partition: partition)
  }

  /// Asks for every link once more, by requests with other ids: nothing is to come of them.
  func askAgain() throws {
    try write(
      requests.map { request in
        var again = request
        again.id += "-again"
        return again
      })
  }

  /// How many outcomes there are.
  func outcomeCount() throws -> Int { try deployment.outcomes().count }

  /// Waits until every link has its outcome and every request is settled, and proves all of it.
  ///
  /// - Parameters:
  ///   - extraCalls: How many calls more than its outcome says a link may have had: one for each death of a worker.
  ///   - worker: Who is to do it.
  func prove(extraCalls: Int64 = 0, worker: WorkerProcess, within seconds: Double = 180) throws {
    // What a dead worker has done already is no proof of this one, whose leaving would be a matter of the dead one's session.
    try worker.awaitLanes(deployment.partitions, within: seconds)
    try deployment.awaitOutcomes(requests.count, within: seconds, worker: worker)
    try deployment.awaitNoLag(within: seconds, worker: worker)
    let outcomes = try deployment.outcomes()
    try proveOutcomes(outcomes, extraCalls)
    try proveState()
    proveSecrecy(outcomes)
    let report = try deployment.audit(with: auditSettings)
    #expect(report.isClean, "\(report)")
  }

  private func write(_ events: [RequestEvent], partition: Int32? = nil) throws {
    try deployment.write(
      events.map {
        OutgoingRecord(
          topic: .requests, partition: partition, key: Array(String($0.userID).utf8), value: Array($0.structured.utf8),
          headers: [Header("content-type", "application/cloudevents+json")])
      })
  }

  private func proveOutcomes(_ outcomes: [OutcomeEvent], _ extraCalls: Int64) throws {
    var byUser: [Int64: OutcomeEvent] = [:]
    for outcome in outcomes {
      let user = try #require(outcome.userID)
      #expect(byUser.updateValue(outcome, forKey: user) == nil, "user \(user) has a second outcome")
    }
    for request in requests {
      guard let outcome = byUser[request.userID] else {
        Issue.record("\(request.id) has no outcome")
        continue
      }
      #expect(outcome.isA("token-ready"), "\(request.id): \(outcome.type) \(outcome.code ?? "")")
      let claims = outcome.token.flatMap { emulator.verify($0) }
      #expect(claims?.userId == request.userID && claims?.accounts == .some(request.accounts))
      let (attempts, calls) = (outcome.attempts ?? 0, Int64(emulator.user(request.userID)?.calls ?? 0))
      #expect(
        (attempts...attempts + extraCalls).contains(calls), "\(request.id): \(calls) calls, \(attempts) attempts")
    }
    #expect(byUser.count == requests.count)
  }

  private func proveState() throws {
    let links = try deployment.liveState().values.compactMap { record -> Link? in
      if case .link(let link) = record { link } else { nil }
    }
    #expect(links.count == requests.count)
    for link in links {
      if case .succeeded = link.state { continue }
      Issue.record("\(link.key) is \(link.state)")
    }
  }

  private func proveSecrecy(_ outcomes: [OutcomeEvent]) {
    let leaks = Leaks(tokens: Array(outcomes.lazy.compactMap(\.token).prefix(1)))
    #expect((try? deployment.records(.state)).map { leaks.areAbsent(from: $0) } == true, "a secret in the state topic")
    #expect((try? deployment.records(.deadLetters)).map { leaks.areAbsent(from: $0) } == true, "a secret in a letter")
    for output in outputs { #expect(leaks.areAbsent(from: output()), "a secret in a log") }
  }
}

extension WorkerProcess {
  /// Waits until `/readyz` says so (200), or says not (503) and has these words.
  func awaitReady(_ isReady: Bool, saying words: String = "", within seconds: Double = 120) throws {
    let port = try adminPort()
    var last = ""
    try awaiting("/readyz \(isReady ? "200" : "503 \(words)")", within: seconds, state: { last + self.program.tail }) {
      guard program.isRunning else { throw Missing("/readyz: the worker has ended. \(program.tail)") }
      let answer = try HTTPAnswer.get("/readyz", port: port)
      last = answer.body
      return answer.status == (isReady ? 200 : 503) && (words.isEmpty || answer.body.contains(words))
    }
  }

  /// Waits until its log has so many lines of this event, counted from the `past`-th on.
  func awaitLines(_ count: Int, of event: String, past: Int = 0, within seconds: Double = 120) throws {
    try awaiting("\(count) lines of \(event)", within: seconds, state: { self.program.tail }) {
      if !program.isRunning { throw Missing("\(event): the worker has ended. \(program.tail)") }
      return log(event).count - past >= count
    }
  }
}
