import Glibc
import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension Chaos {
  /// Deaths that nobody planned: SIGKILL from outside, again and again.
  @Suite struct KillStormTests {
    @Test("Workers that are killed every five seconds still get on, and at the end everything has come out once")
    func storm() throws {
      let options = try ChaosOptions.fromEnvironment
      let killCount = options.seconds.map { max(Int($0 / Self.interval), 4) } ?? 4
      var random = SeededRandom(seed: options.seed)
      let traffic = Traffic(count: Self.portionSize * Self.portionCount * (killCount + 1))
      let emulator = try AdapterEmulator(forDeploymentWith: {
        $0.rules = traffic.rules
        $0.latency = 10
        $0.jitter = 40
        $0.bodyLimit = 1_000_000
      })
      defer { emulator.stop() }
      let deployment = try Deployment(
        kafka: TestKafka.shared, adapterURL: emulator.baseURL,
        settings: ["kafka.session.timeout.ms": "6000", "adapter.concurrency": "16"])
      var portions = traffic.portions(Self.portionCount * (killCount + 1), for: deployment)[...]
      var workers = try (0..<2).map { try start($0, deployment) }
      var dead: [WorkerProcess] = []
      var counts = [0]
      let began = uptime()
      var written = 0
      while dead.count < killCount {
        // The traffic never pauses, so that each kill meets links on their way.
        let due = began + Self.interval * Double(dead.count + 1)
        try awaiting("The next kill", within: Self.interval * 12) {
          let now = uptime()
          if now - began > Double(written) * Self.interval / Double(Self.portionCount),
            let portion = portions.popFirst()
          {
            written += 1
            try deployment.write(portion)
          }
          return now >= due
        }
        let victim = dead.count % 2
        workers[victim].kill()
        #expect(try workers[victim].program.end().code == -SIGKILL)
        dead.append(workers[victim])
        if Int.random(in: 0..<3, using: &random) == 0 { Scratch.remove(store(victim, deployment)) }
        workers[victim] = try start(victim, deployment)
        counts.append(try deployment.records(.outcomes).count)
      }
      for portion in portions { try deployment.write(portion) }
      // Each worker has two intervals for a life, of which a slow machine spends one on the start.
      let windows = zip(counts, counts.dropFirst(4)).map { $1 - $0 }
      #expect(!windows.isEmpty && windows.allSatisfy { $0 > 0 }, "outcomes in four intervals: \(windows)")
      try deployment.awaitOutcomes(traffic.answerCount, within: 180, worker: workers[0])
      try deployment.awaitNoLag(worker: workers[0])
      for worker in workers { #expect(try worker.stop().code == 0) }
      print(
        "storm: \(killCount) kills, \(traffic.links.count) links, \(emulator.stats.calls) calls; outcomes between the kills: "
          + zip(counts, counts.dropFirst()).map { "\($1 - $0)" }.joined(separator: " "))
      #expect(
        try traffic.contradictions(
          in: deployment, emulator, logs: (dead + workers).map(\.program.errors), deaths: killCount) == [])
      let audit = try deployment.audit()
      #expect(audit.isClean, "\(audit)")
    }

    /// Seconds between two kills, portions of the traffic in that time, and records of a portion.
    private static let interval = 5.0, portionCount = 25, portionSize = 20

    private func store(_ number: Int, _ deployment: Deployment) -> String { deployment.scratch["store-\(number)"] }

    private func start(_ number: Int, _ deployment: Deployment) throws -> WorkerProcess {
      try deployment.startWorker([
        "store.directory": store(number, deployment), "instance.id": "w\(number)",
        "kafka.group.instance.id": "w\(number)",
      ])
    }
  }
}
