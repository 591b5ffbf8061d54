import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension EndToEnd {
  /// Promise P4: who fails, hangs or asks for much delays no other user. What quiet users wait for is compared within one run.
  @Suite struct NobodyWaitsTests {
    @Test("Users whose calls hang, more of them than there are slots, do not delay others")
    func hanging() throws {
      let disturbed = (1...24).map { Self.request(of: Int64($0), 1) }
      let wait = try Quiet(
        disturbed, rule: EmulatorRule(failure: .fault(.hang)),
        settings: ["adapter.concurrency": "16", "adapter.timeout.ms": "2000"], portion: 4
      ).measure { emulator in (1...24).allSatisfy { (emulator.user($0)?.calls ?? 0) >= 1 } }
      print("quiet users' p99 beside 24 users that hang, in 16 slots: \(wait)")
      #expect(wait.disturbed <= 2 * wait.calm + 500)
    }

    @Test("Users whose calls all fail with 503, half of those who ask at a time, do not delay others")
    func failing() throws {
      let disturbed = (1...19).map { Self.request(of: Int64($0), 1) }
      let wait = try Quiet(
        disturbed, rule: EmulatorRule(failure: .status(503)), settings: ["retry.max.ms": "2000"]
      ).measure { emulator in (1...19).allSatisfy { (emulator.user($0)?.calls ?? 0) >= 3 } }
      print("quiet users' p99 beside 19 users that fail: \(wait)")
      #expect(wait.disturbed <= 2 * wait.calm + 500)
    }

    @Test("10 000 requests of one user do not delay others once they have been read")
    func hotUser() throws {
      let wait = try Quiet((1...10_000).map { Self.request(of: 1, $0) }, rule: EmulatorRule(latency: 50), settings: [:])
        .measure { emulator in (emulator.user(1)?.calls ?? 0) >= 10 }
      print("quiet users' p99 beside 10 000 requests of one user: \(wait)")
      #expect(wait.disturbed <= 2 * wait.calm + 500)
    }

    private static func request(of user: Int64, _ number: Int) -> RequestEvent {
      RequestEvent(id: "d-\(user)-\(number)", userID: user, idempotencyKey: "d-\(number)", accounts: [user])
    }
  }
}

/// Quiet users' requests, first by themselves and then beside others that disturb.
private struct Quiet {
  private let disturbance: [RequestEvent]
  private let rule: EmulatorRule
  private let settings: [String: String]
  /// How many of those who disturb come at a time.
  private let portion: Int

  /// The longest wait but for the longest two of 200, in milliseconds.
  struct Wait: CustomStringConvertible {
    var calm: Milliseconds
    var disturbed: Milliseconds
    var description: String { "\(disturbed) ms, \(calm) ms without them" }
  }

  init(
    _ disturbance: [RequestEvent], rule: EmulatorRule, settings: [String: String], portion: Int = .max
  ) {
    self.disturbance = disturbance
    self.rule = rule
    self.settings = settings
    self.portion = portion
  }

  /// `isUnderWay` says when the disturbance is at its worst.
  func measure(_ isUnderWay: (AdapterEmulator) -> Bool) throws -> Wait {
    let emulator = try AdapterEmulator(forDeploymentWith: {
      for user in Set(disturbance.map(\.userID)) { $0.rules[user] = rule }
    })
    defer { emulator.stop() }
    let deployment = try Deployment(kafka: TestKafka.shared, adapterURL: emulator.baseURL, settings: settings)
    let worker = try deployment.startWorker()
    defer { worker.kill() }
    try worker.awaitLanes(deployment.partitions)
    try wave("calm", deployment, worker, first: 1_000_000)
    var rounds = 0
    // Some succeed all the while: where nobody does, the adapter is taken to be down, and that is another matter.
    func beQuiet(while goesOn: () -> Bool) throws {
      while rounds < 500, goesOn() {
        try round("meanwhile-\(rounds)", users: 3_000_000 + Int64(rounds) * 20, deployment, worker)
        rounds += 1
      }
    }
    var left = disturbance[...]
    while !left.isEmpty {
      try deployment.write(left.prefix(portion).map(\.record))
      left = left.dropFirst(portion)
      // Longer than a call of theirs may last: first calls that hang are not known before, and are not to fill the slots.
      let end = uptime() + 2.5
      try beQuiet { !left.isEmpty && uptime() < end }
    }
    try deployment.awaitNoLag(worker: worker)
    try beQuiet { !isUnderWay(emulator) }
    try #require(isUnderWay(emulator), "\(emulator.stats.calls) calls")
    let calm = try p99("calm", deployment)
    // The best of three waves: the machine may be busy with other things for a moment, but those who disturb do it all the time.
    var best = Milliseconds.max
    for number in 1...3 where best > Self.limit(calm) {
      try wave("disturbed-\(number)", deployment, worker, first: 2_000_000 + Int64(number) * 1_000)
      best = min(best, try p99("disturbed-\(number)", deployment))
    }
    return Wait(calm: calm, disturbed: best)
  }

  /// How long they may wait beside the others, by how long they wait without them.
  private static func limit(_ calm: Milliseconds) -> Milliseconds { 2 * calm + 500 }

  /// Two hundred users, twenty at a time.
  private func wave(_ name: String, _ deployment: Deployment, _ worker: WorkerProcess, first: Int64) throws {
    for number in 0..<10 {
      try round("\(name)-\(number)", users: first + Int64(number) * 20, deployment, worker)
    }
  }

  private func round(_ name: String, users first: Int64, _ deployment: Deployment, _ worker: WorkerProcess) throws {
    let requests = (first..<first + 20).map { user in
      RequestEvent(id: "\(name)-\(user)", userID: user, idempotencyKey: "k", accounts: [1])
    }
    try deployment.write(requests.map(\.record))
    let own = Set(requests.map(\.id))
    try awaiting("Round \(name)", state: { worker.program.tail }) {
      own.isSubset(of: Set(try deployment.outcomes().map(\.requestID)))
    }
  }

  /// From when Kafka had the request to when it had the outcome.
  private func p99(_ name: String, _ deployment: Deployment) throws -> Milliseconds {
    var asked: [String: Timestamp] = [:]
    for record in try deployment.records(.requests) {
      guard let id = try JSONValue(parsing: record.value ?? [])["id"]?.text?.string else { continue }
      asked[id] = record.timestamp
    }
    let waits = try deployment.outcomes().filter { $0.requestID.hasPrefix(name + "-") }.compactMap { outcome in
      asked[outcome.requestID].map { outcome.record.timestamp - $0 }
    }.sorted()
    try #require(waits.count == 200)
    return waits[197]
  }
}
