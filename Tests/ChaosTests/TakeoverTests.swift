import Glibc
import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension Chaos {
  /// How long the partitions of a dead worker stand still.
  @Suite struct TakeoverTests {
    @Test("A dead worker's partitions are served again after its session, and after the transaction that it left open")
    func takeover() throws {
      let cases = [false, true].map { Takeover.Case(isInTransaction: $0, session: 3_000, cleanup: 1_000) }
      try Takeover.measure(cases, on: TestKafka.shared)
    }

    @Test(
      "With the defaults of client and broker a takeover takes the session and a restore, whatever transaction is left open",
      .enabled(if: (try? ChaosOptions.fromEnvironment)?.seconds != nil, "CHAOS_MINUTES is not set"))
    func defaults() throws {
      let cases = [false, true].flatMap { isInTransaction in
        [3_000, 45_000].map { Takeover.Case(isInTransaction: isInTransaction, session: $0, cleanup: 10_000) }
      }
      let kafka = try TestKafka.start(
        extra: ["transaction.abort.timed.out.transaction.cleanup.interval.ms": "10000"])
      try Takeover.measure(cases, on: kafka)
    }
  }
}

/// Two workers, of which one dies: from its death to the first outcome of its partitions.
private final class Takeover {
  struct Case {
    /// Whether it dies between its records and the end of their transaction, or in peace.
    var isInTransaction: Bool
    /// `session.timeout.ms` of both.
    var session: Milliseconds
    /// How often the broker looks for transactions that are too old, in milliseconds.
    var cleanup: Milliseconds
  }

  private let fleet: Fleet
  private let kind: Case
  private let survivor: WorkerProcess
  private let victim: WorkerProcess
  private let orphans: Set<Int32>
  private var death = Timestamp(milliseconds: 0)
  /// Before the requests of its open transaction were written.
  private var asked = Timestamp(milliseconds: 0)

  /// The worker's `transaction.timeout.ms`.
  private static let transactionTimeout: Milliseconds = 10_000
  /// For rebalance, restore and call on a slow machine.
  private static let margin: Milliseconds = 20_000

  /// All at once: they wait most of the time.
  static func measure(_ cases: [Case], on kafka: RealKafka) throws {
    let takeovers = try cases.map { try Takeover($0, kafka) }
    for takeover in takeovers { try takeover.bereave() }
    for takeover in takeovers { try takeover.prove() }
  }

  private init(_ kind: Case, _ kafka: RealKafka) throws {
    self.kind = kind
    fleet = try Fleet(
      bootstrap: kafka.bootstrap, partitions: 2,
      settings: [
        "kafka.session.timeout.ms": String(kind.session),
        "kafka.heartbeat.interval.ms": String(min(kind.session / 6, 3_000)),
      ])
    try fleet.openLanes()
    let victim = try fleet.startFirst("victim", failpoints: kind.isInTransaction ? "prepared:kill" : nil)
    survivor = try fleet.start("survivor")
    try survivor.awaitLanes(1)
    try awaiting("The shared partitions", state: { victim.program.tail }) { victim.log("lane.opened").count == 3 }
    self.victim = victim
    orphans = Set(victim.log("lane.opened").suffix(1).compactMap { $0.json["partition"]?.integer.map { Int32($0) } })
  }

  private func bereave() throws {
    asked = wallNow()
    if kind.isInTransaction {
      for orphan in orphans { try fleet.ask(10, at: orphan) }
      #expect(try victim.program.end().code == -SIGKILL)
      death = wallNow()
    } else {
      fleet.kill(victim)
      death = wallNow()
      for orphan in orphans { try fleet.ask(10, at: orphan) }
    }
  }

  private func prove() throws {
    try fleet.awaitAll(within: 180, worker: survivor)
    // All of its log is written when it has ended.
    #expect(try survivor.stop().code == 0)
    let heirs = try fleet.deployment.outcomes().filter { orphans.contains(fleet.home(of: $0.userID ?? 0)) }
    let first = try #require(heirs.map(\.record.timestamp).min())
    let opened = try #require(
      survivor.log("lane.opened").last { $0.json["partition"]?.integer.map { orphans.contains(Int32($0)) } == true }?
        .time)
    let revoked = try #require(survivor.log("lanes.revoked").compactMap(\.time).last { $0 <= opened })
    print(
      "takeover, \(kind.isInTransaction ? "in a transaction" : "idle"), session \(kind.session) ms, "
        + "cleanup every \(kind.cleanup) ms: \(first - death) ms = "
        + "\(revoked - death) until the group noticed + \(opened - revoked) until the lane opened + \(first - opened) to the outcome"
    )
    let open = kind.isInTransaction ? Self.transactionTimeout + kind.cleanup : 0
    #expect(first - death < max(kind.session, open) + Self.margin)
    // It began after that. When it died is known only as well as this test has seen it.
    if kind.isInTransaction { #expect(first - asked >= Self.transactionTimeout, "the transaction was open") }
    try fleet.prove()
  }
}
