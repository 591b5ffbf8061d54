import Dispatch
import Glibc
import LinkCore
import LinkSandbox
import LinkTestSupport
import Synchronization
import Testing

/// A rebalance storm: each second a worker of a fleet joins, leaves, dies, freezes or thaws, while requests come in.
final class Storm {
  /// How often each thing was done.
  struct Tally: CustomStringConvertible {
    var joins = 0
    var leaves = 0
    var kills = 0
    var freezes = 0
    var thaws = 0
    var brokerKills = 0
    /// Of workers that ended by themselves or by SIGTERM.
    var exits: [Int32: Int] = [:]
    /// Why workers ended by themselves.
    var reasons: [String] = []

    var description: String {
      "\(joins) joins, \(leaves) SIGTERM, \(kills) SIGKILL, \(freezes) SIGSTOP, \(thaws) SIGCONT, "
        + "\(brokerKills) brokers killed, exits "
        + exits.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
        + reasons.map { "\n\($0)" }.joined()
    }
  }

  private(set) var tally = Tally()
  private let fleet: Fleet
  private let brokers: [RealKafka]
  private var random: SeededRandom
  private var places: [Place]
  private var brokerDown: BrokerRestart?
  /// Seconds from one thing that happens to a broker to the next.
  private static let brokerInterval = 15.0
  /// Seconds for which a broker is away.
  private static let brokerAbsence = 4.0

  private struct Place {
    var name: String
    var worker: WorkerProcess?
    var phase = Phase.away
    var since = 0.0
  }

  private enum Phase { case away, working, leaving, frozen }

  /// - Parameter brokers: Those that are killed in between; none where the only one must live.
  init(_ fleet: Fleet, places: Int, brokers: [RealKafka], seed: UInt64) {
    self.fleet = fleet
    self.brokers = brokers
    random = SeededRandom(seed: seed)
    self.places = (1...places).map { Place(name: "storm-\($0)") }
  }

  /// Blows for so many seconds, with so many requests each second, a tenth of them written twice; then everybody who is left may go on.
  func blow(seconds: Double, requestsPerSecond: Int) throws {
    let began = uptime()
    var nextBroker = began + Self.brokerInterval / 2
    for index in places.indices { try join(index) }
    var second = 0
    while uptime() - began < seconds {
      second += 1
      fleet.begin(requestsPerSecond)
      fleet.repeatLast(requestsPerSecond / 10)
      try step()
      if !brokers.isEmpty, uptime() >= nextBroker {
        nextBroker += Self.brokerInterval
        try killBroker()
      }
      try noticeBroker()
      // The storm has one event a second: this is its clock, not a wait for something to come about.
      try awaiting("The next second") { uptime() >= began + Double(second) }
    }
    try calm()
  }

  /// Has every place at work, and every broker up.
  private func calm() throws {
    try awaiting("All brokers", within: 120) {
      try noticeBroker()
      return brokerDown == nil
    }
    for index in places.indices {
      if places[index].phase == .frozen { thaw(index) }
      if places[index].phase == .leaving, let worker = places[index].worker {
        _ = try worker.program.end()
      }
      try notice(index)
      if places[index].phase == .away { try join(index) }
    }
  }

  /// Ends every worker in good order.
  func end() throws {
    for index in places.indices {
      places[index].worker?.program.signal(SIGTERM)
      move(index, to: .leaving)
      _ = try places[index].worker?.program.end()
      try notice(index)
    }
  }

  /// One join or leave.
  private func step() throws {
    for index in places.indices { try notice(index) }
    let able = places.indices.filter { places[$0].phase != .leaving }
    guard let index = able.randomElement(using: &random) else { return }
    switch places[index].phase {
    case .away: try join(index)
    case .leaving: break
    case .frozen: thaw(index)
    case .working:
      switch random.next() % 4 {
      case 0, 1: leave(index)
      case 2: kill(index)
      default: freeze(index)
      }
    }
  }

  private func join(_ index: Int) throws {
    places[index].worker = try fleet.start(places[index].name)
    move(index, to: .working)
    tally.joins += 1
  }

  private func leave(_ index: Int) {
    places[index].worker?.program.signal(SIGTERM)
    move(index, to: .leaving)
    tally.leaves += 1
  }

  private func kill(_ index: Int) {
    if let worker = places[index].worker { fleet.kill(worker) }
    places[index].worker = nil
    move(index, to: .away)
    tally.kills += 1
  }

  private func freeze(_ index: Int) {
    places[index].worker?.program.signal(SIGSTOP)
    move(index, to: .frozen)
    tally.freezes += 1
  }

  private func thaw(_ index: Int) {
    places[index].worker?.program.signal(SIGCONT)
    move(index, to: .working)
    tally.thaws += 1
  }

  private func move(_ index: Int, to phase: Phase) {
    places[index].phase = phase
    places[index].since = uptime()
  }

  /// Sees who has ended, and how it may: as it was told; by itself, where a client of Kafka's can do no more; or, where brokers are killed, at its
  /// start, or by the watchdog, for nobody answers its farewell.
  private func notice(_ index: Int) throws {
    guard let worker = places[index].worker, places[index].phase != .frozen, !worker.program.isRunning else { return }
    let code = try worker.program.end().code
    tally.exits[code, default: 0] += 1
    let failure = worker.log("worker.failed").first?.message
    let bite = worker.log("watchdog").first?.message
    if code != 0 {
      tally.reasons.append("\(code): \(failure ?? bite ?? "its log does not say. \(worker.program.tail)")")
    }
    let isUnborn = worker.log("worker.started").isEmpty
    let isToldTo = places[index].phase == .leaving && (code == 0 || code == -SIGTERM && isUnborn)
    let isFatal = code == 75 && failure != nil
    let isAway = !brokers.isEmpty && (code == 69 && isUnborn || code == 75 && bite != nil)
    #expect(isToldTo || isFatal || isAway, "\(places[index].name) ended with \(code). \(worker.program.tail)")
    places[index].worker = nil
    move(index, to: .away)
  }

  // MARK: - Brokers

  /// A broker that is away for a while, and what becomes of its start, beside the storm.
  private final class BrokerRestart: Sendable {
    private let state = Mutex<State>(.away)

    enum State { case away, up, failed(String) }

    var now: State { state.withLock { $0 } }

    init(_ broker: RealKafka, after seconds: Double) {
      DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { [self] in
        let end = Self.start(broker)
        state.withLock { $0 = end }
      }
    }

    private static func start(_ broker: RealKafka) -> State {
      do throws(SandboxFailure) {
        try broker.start()
        return .up
      } catch {
        return .failed(error.description)
      }
    }
  }

  /// Kills a broker, unless one is away already.
  private func killBroker() throws {
    guard brokerDown == nil, let broker = brokers.randomElement(using: &random) else { return }
    broker.kill()
    brokerDown = BrokerRestart(broker, after: Self.brokerAbsence)
    tally.brokerKills += 1
  }

  private func noticeBroker() throws {
    switch brokerDown?.now {
    case nil, .away: break
    case .up: brokerDown = nil
    case .failed(let why): throw Missing("A broker that was killed starts again: \(why)")
    }
  }
}
