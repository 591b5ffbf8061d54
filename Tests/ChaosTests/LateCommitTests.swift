import Foundation
import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension Chaos {
  /// Commits that come too late: for Kafka's patience with a transaction, or for the group.
  @Suite struct LateCommitTests {
    @Test("A transaction that outlives its time is aborted by Kafka, and the worker commits its batch in another one")
    func timedOut() throws {
      // Both at once, since most of the time is the transactions' own: it is ten seconds, and the first one is the partition's beginning.
      let cases = try ["produced", "prepared"].map { point in
        let bench = try Bench()
        return (point, bench, try bench.deployment.startWorker(failpoints: "\(point):wait=16000@2"))
      }
      defer { for (_, bench, _) in cases { bench.emulator.stop() } }
      for (_, bench, worker) in cases {
        try worker.awaitLanes(1)
        try bench.ask()
      }
      for (point, bench, worker) in cases {
        let outcomes = try bench.deployment.awaitOutcomes(1, worker: worker)
        try bench.deployment.awaitNoLag(worker: worker)
        #expect(try worker.stop().code == 0)
        // All of its log is written when it has ended.
        #expect(worker.log("transaction.failed").count == 1, "\(point)")
        #expect(outcomes.count == 1 && outcomes.first?.attempts == 1, "\(point)")
        #expect(bench.emulator.stats.calls == 1, "\(point): the answer in the journal serves the second transaction")
        #expect(try bench.writtenOutcomeCount() == 2, "\(point): the first one was written, and aborted")
        try bench.expectOneEnd()
      }
    }

    @Test(
      "A batch that was built for an earlier generation of the group is refused, whenever it is sent, and nothing of it is seen"
    )
    func staleGeneration() throws {
      let bench = try Bench()
      defer { bench.emulator.stop() }
      let late = try bench.start("late", failpoints: "committing:stop@2")
      try late.awaitLanes(1)
      try bench.ask()
      try awaiting("A worker that stands still", state: { late.program.tail }) { late.program.isFrozen }
      // The group holds the one that stands still for dead, and its partition goes to the other one.
      let other = try bench.start("other")
      try bench.deployment.awaitOutcomes(1, worker: other)
      try bench.deployment.awaitNoLag(worker: other)
      late.program.signal(SIGCONT)
      try bench.expectRefusal(late)
      #expect(try bench.writtenOutcomeCount() == 2, "the late one's was written, and aborted")
      #expect(bench.emulator.stats.calls == 2, "the other worker knows nothing of the late one's journal")
      try bench.stop([late, other])
    }

    @Test("Offsets that follow their records after the group has moved on are refused, and the records stay unseen")
    func staleOffsets() throws {
      let bench = try Bench()
      defer { bench.emulator.stop() }
      let late = try bench.start("late", failpoints: "produced:stop@2")
      try late.awaitLanes(1)
      try bench.ask()
      try awaiting("A worker that stands still", state: { late.program.tail }) { late.program.isFrozen }
      let other = try bench.start("other")
      // It has the partition, and cannot open it while the late one's transaction is: that leaves time to wake the late one.
      try other.awaitLog("worker.started")
      try awaiting("The other worker's assignment", state: { other.program.tail }) { try bench.isOwned(by: other) }
      late.program.signal(SIGCONT)
      try bench.expectRefusal(late)
      try bench.deployment.awaitOutcomes(1, worker: other)
      try bench.deployment.awaitNoLag(worker: other)
      #expect(try bench.writtenOutcomeCount() == 2, "the late one's was written, and aborted")
      try bench.stop([late, other])
    }
  }
}

/// One partition, one link, and workers with short sessions.
private struct Bench {
  let emulator: AdapterEmulator
  let deployment: Deployment

  init() throws {
    emulator = try AdapterEmulator(forDeploymentWith: { _ in })
    deployment = try Deployment(
      kafka: TestKafka.shared, adapterURL: emulator.baseURL, partitions: 1,
      settings: ["kafka.session.timeout.ms": "2000", "kafka.heartbeat.interval.ms": "300"])
  }

  func start(_ name: String, failpoints: String? = nil) throws -> WorkerProcess {
    try deployment.startWorker(
      ["store.directory": deployment.scratch["store-\(name)"], "admin.listen": "127.0.0.1:0"], failpoints: failpoints)
  }

  func ask() throws {
    try deployment.write([RequestEvent(id: "r", userID: 1, idempotencyKey: "k", accounts: [1]).record])
  }

  /// Whether the group has given this worker the partition.
  func isOwned(by worker: WorkerProcess) throws -> Bool {
    try MetricPage(port: try worker.adminPort()).sum("linkworker_partitions") == 1
  }

  /// Waits until the worker has been told that the group has moved on.
  func expectRefusal(_ worker: WorkerProcess) throws {
    let message = try worker.awaitLog("transaction.failed").message
    let isOfTheGroup = ["ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID"].contains { message.contains($0) }
    #expect(isOfTheGroup, "\(message)")
  }

  /// The outcomes that were ever written, those of aborted transactions among them.
  func writtenOutcomeCount() throws -> Int {
    let read = try Kcat.run(
      ["-C", "-t", deployment.topic(.outcomes), "-e", "-q", "-f", "%o\n", "-X", "isolation.level=read_uncommitted"],
      on: deployment.bootstrap)
    return read.output.count { $0 == UInt8(ascii: "\n") }
  }

  func stop(_ workers: [WorkerProcess]) throws {
    for worker in workers { #expect(try worker.stop().code == 0) }
    try expectOneEnd()
  }

  /// One outcome is seen, and the state says the same.
  func expectOneEnd() throws {
    let audit = try deployment.audit()
    #expect(audit.isClean, "\(audit)")
    let outcomes = try deployment.outcomes()
    #expect(outcomes.count == 1 && outcomes.first?.isA("token-ready") == true)
    let links = try deployment.liveState().values.compactMap { record -> Link? in
      if case .link(let link) = record { link } else { nil }
    }
    #expect(links.count == 1)
    for link in links {
      guard case .succeeded = link.state else {
        Issue.record("\(link.key) is \(link.state)")
        continue
      }
    }
  }
}
