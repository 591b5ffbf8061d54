import Glibc
import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension Chaos {
  /// Workers that the group has given up, and that do not know it.
  @Suite struct ZombieTests {
    @Test(
      "A zombie publishes nothing, also where its partition had no committed offset yet: another settles what it held, and its commit is refused"
    )
    func zombies() throws {
      // All of them at once, since most of the time is the group's and the coordinator's.
      let zombies =
        try ["committing", "produced", "prepared"].flatMap {
          [try Zombie(at: $0, isFresh: false), try Zombie(at: $0, isFresh: true)]
        } + [try Zombie(at: nil, isFresh: false)]
      for zombie in zombies { try zombie.freeze() }
      let successors = try zombies.map { try $0.fleet.start("successor") }
      for (zombie, successor) in zip(zombies, successors) { try zombie.fleet.awaitAll(worker: successor) }
      for zombie in zombies { try zombie.thaw() }
      for (zombie, successor) in zip(zombies, successors) { try zombie.prove(beside: successor) }
    }

    @Test("A member that left publishes nothing where its partition has no committed offset yet")
    func departed() throws {
      let fleet = try Fleet(
        bootstrap: TestKafka.shared.bootstrap, partitions: 1,
        settings: ["commit.linger.ms": "0", "log.level": "debug"])
      try fleet.ask(5)
      // The lane's first transaction waits, and so does the loop, until librdkafka has left the group for it; then the transaction goes on first.
      let worker = try fleet.start(
        "departed", ["kafka.max.poll.interval.ms": "3000"], failpoints: "committing:wait=12000,received:wait=16000")
      try fleet.awaitAll(worker: worker)
      let log = worker.log
      let refusal = try #require(log.firstIndex { $0.event == "transaction.failed" })
      #expect(log[refusal].message.contains("UNKNOWN_MEMBER_ID"), "\(log[refusal].message)")
      #expect(log[..<refusal].allSatisfy { $0.event != "transaction.committed" })
      #expect(log.contains { $0.event == "kafka.failed" && $0.message.contains("poll") })
      #expect(try worker.stop().code == 0)
      try fleet.prove()
    }
  }
}

/// A worker that is frozen in the middle of a batch for longer than its session.
private final class Zombie {
  let fleet: Fleet
  private let point: String?
  private let worker: WorkerProcess
  private let name: String
  private var thawedAt = Timestamp(milliseconds: 0)

  /// Starts it, to freeze at its first transaction.
  ///
  /// - Parameters:
  ///   - point: The failpoint; nil: it is frozen from outside, somewhere in a stream of transactions.
  ///   - isFresh: Whether that first transaction is its lanes' first one of all.
  init(at point: String?, isFresh: Bool) throws {
    self.point = point
    name = "\(point ?? "signal")\(isFresh ? ", fresh" : "")"
    fleet = try Fleet(bootstrap: TestKafka.shared.bootstrap, partitions: 1, settings: ["log.level": "debug"])
    if !isFresh { try fleet.openLanes() }
    try fleet.ask(point == nil ? 400 : 20)
    // So that there are outcomes in the first transaction, also in one that opens a lane.
    let linger = point == nil ? [:] : ["commit.linger.ms": "1000"]
    worker = try fleet.start("zombie", linger, failpoints: point.map { "\($0):stop" })
  }

  /// Waits until it stands still.
  func freeze() throws {
    if point == nil {
      try fleet.deployment.awaitOutcomes(20, worker: worker)
      worker.program.signal(SIGSTOP)
    }
    try awaiting("The freeze of \(name)", state: { self.worker.program.tail }) { worker.program.isFrozen }
  }

  func thaw() throws {
    thawedAt = wallNow()
    worker.program.signal(SIGCONT)
  }

  /// It heard that it is out of the group before it committed anything, rejoined and works, or ended so that it is started again.
  func prove(beside successor: WorkerProcess) throws {
    try awaiting("\(name) hears of it", state: { self.worker.program.tail }) {
      worker.log.contains { $0.event == "lanes.revoked" } || !worker.program.isRunning
    }
    let log = worker.log
    let heard = log.firstIndex { $0.event == "lanes.revoked" } ?? log.endIndex
    let commits = log[..<heard].filter { $0.event == "transaction.committed" }
    if let point {
      #expect(commits.isEmpty, "\(name)")
      let refusal = log[..<heard].first { $0.event == "transaction.failed" }?.message ?? "no refusal"
      print("zombie at \(name): \(refusal)")
      #expect(refusal != "no refusal", "\(name)")
      // The others' transactions the coordinator has ended for their age; this one it would take.
      if point == "committing" { #expect(refusal.contains("UNKNOWN_MEMBER_ID"), "\(name): \(refusal)") }
    } else {
      // Kafka may have confirmed one before the freeze that it hears of now.
      #expect(commits.count { ($0.time ?? thawedAt) > thawedAt } <= 1, "\(name)")
    }
    try fleet.ask(20)
    try fleet.awaitAll(worker: successor)
    if worker.program.isRunning {
      #expect(try worker.stop().code == 0, "\(name)")
    } else {
      #expect(try worker.program.end().code == 75, "\(name)")
    }
    #expect(try successor.stop().code == 0, "\(name)")
    let account = try fleet.prove()
    print("zombie at \(name): \(account)")
  }
}
