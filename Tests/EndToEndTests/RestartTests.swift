import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension EndToEnd {
  /// A worker that ends in the middle, and another that goes on.
  @Suite struct RestartTests {
    @Test(
      "After SIGTERM in the middle the worker ends in time with 0, and the next one goes on without a call too many")
    func terminated() throws {
      let run = try Run(count: 3_000)
      defer { run.emulator.stop() }
      let first = try run.workUpTo(600)
      let began = uptime()
      let outcome = try first.stop()
      #expect(outcome.code == 0 && uptime() - began < 10)
      #expect(first.log("worker.stopped").first?.json["whole"]?.boolean == true)
      try run.expectMiddle()
      try run.finish(logs: [outcome.errors], deaths: 0)
    }

    @Test("After SIGKILL in the middle the next worker goes on, with at most one call more for a link")
    func killed() throws {
      let run = try Run(count: 3_000)
      defer { run.emulator.stop() }
      let first = try run.workUpTo(600)
      first.kill()
      try run.expectMiddle()
      let second = try run.deployment.startWorker()
      try run.deployment.awaitOutcomes(1_500, worker: second)
      second.kill()
      try run.expectMiddle()
      try run.finish(logs: [first.program.errors, second.program.errors], deaths: 2)
    }

    @Test("With its store deleted in the middle a worker restores it from the state topic, and says how fast")
    func wiped() throws {
      let run = try Run(count: 3_000)
      defer { run.emulator.stop() }
      let first = try run.workUpTo(1_000)
      let outcome = try first.stop()
      #expect(outcome.code == 0)
      try run.expectMiddle()
      let known = try run.deployment.liveState().count
      run.deployment.removeStore()
      let second = try run.finish(logs: [outcome.errors], deaths: 0)
      let restores = second.log("restore.done")
      let records = restores.compactMap { $0.json["records"]?.integer }.reduce(0, +)
      #expect(records >= known)
      for restore in restores {
        #expect(
          (restore.json["milliseconds"]?.integer ?? 0) > 0 && (restore.json["recordsPerSecond"]?.integer ?? 0) > 0)
      }
    }
  }
}

/// Traffic that takes some 15 seconds however fast the machine is, for the adapter answers slowly: so a worker can be met in the middle of it.
private struct Run {
  let traffic: Traffic
  let emulator: AdapterEmulator
  let deployment: Deployment

  init(count: Int) throws {
    let traffic = Traffic(count: count)
    self.traffic = traffic
    emulator = try AdapterEmulator(forDeploymentWith: {
      $0.rules = traffic.rules
      $0.latency = 60
      $0.jitter = 40
    })
    deployment = try Deployment(
      kafka: TestKafka.shared, adapterURL: emulator.baseURL,
      settings: ["shutdown.timeout.ms": "10000", "adapter.concurrency": "16"])
    try traffic.write(to: deployment)
  }

  /// Starts a worker and returns it when so many outcomes are there.
  func workUpTo(_ count: Int) throws -> WorkerProcess {
    let worker = try deployment.startWorker()
    try deployment.awaitOutcomes(count, worker: worker)
    return worker
  }

  /// The worker has done something and left something: else the test proves nothing.
  func expectMiddle() throws {
    let count = try deployment.outcomes().count
    #expect((1..<traffic.answerCount).contains(count), "\(count) of \(traffic.answerCount)")
  }

  /// Has a further worker do the rest, and proves the totals.
  @discardableResult
  func finish(logs: [[UInt8]], deaths: Int) throws -> WorkerProcess {
    let last = try deployment.startWorker()
    try deployment.awaitOutcomes(traffic.answerCount, worker: last)
    try deployment.awaitNoLag(worker: last)
    let outcome = try last.stop()
    #expect(outcome.code == 0)
    #expect(
      try traffic.contradictions(in: deployment, emulator, logs: logs + [outcome.errors], deaths: deaths) == [])
    return last
  }
}
