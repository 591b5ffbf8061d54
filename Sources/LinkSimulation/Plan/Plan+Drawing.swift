import LinkCore

extension Plan {
  /// Draws a history: which faults there are, how often, and what is asked for.
  init(seed: UInt64, faults allowed: Set<FaultKind>) {
    var random = SeededRandom(seed: seed)
    // Neighbouring seeds begin alike in nothing.
    random = SeededRandom(seed: random.next())
    self.init(
      seed: seed, chanceSeed: random.next(), workers: random.chance(100) ? 1 : Int.random(in: 2...3, using: &random),
      partitions: Int32.random(in: 2...3, using: &random),
      calmAt: Milliseconds.random(in: 15...50, using: &random) * 1000)
    let likelihood = [250, 450, 700].randomElement(using: &random) ?? 450
    let drawn = FaultKind.drawnFirst.filter { kind in
      // Drawn whether allowed or not, so that the rest of the history stays as it is.
      let isDrawn = random.chance(kind.isRare ? likelihood / 4 : likelihood)
      return isDrawn && allowed.contains(kind)
    }
    let faults = Set(drawn)
    drawTiming(faults, &random)
    drawRates(faults, &random)
    drawRequests(&random)
    for kind in drawn { drawIncidents(kind, &random) }
    if faults.contains(.retention), allowed.isSuperset(of: [.pause, .adapter]) { drawForgetting(&random) }
    if faults.contains(.adapter), random.chance(100) { drawOutage(&random) }
    if allowed.contains(.stubborn), random.chance(60) { drawStubbornness(&random) }
  }

  private mutating func drawTiming(_ faults: Set<FaultKind>, _ random: inout SeededRandom) {
    timing.session = [3000, 6000, 20_000].randomElement(using: &random) ?? 6000
    timing.transaction = random.chance(500) ? 10_000 : 6000
    timing.attemptLimit = random.chance(300) ? 4 : 0
    membersAreStatic = random.chance(250)
    namesAreConfigured = random.chance(600)
    if faults.contains(.retention) {
      calmAt = 240_000
      timing.retention = Milliseconds.random(in: 40...90, using: &random) * 1000
      timing.tombstones = Milliseconds.random(in: 20...60, using: &random) * 1000
    }
  }

  private mutating func drawRates(_ faults: Set<FaultKind>, _ random: inout SeededRandom) {
    func rate(_ kind: FaultKind, _ choices: [Int]) -> Int {
      let drawn = choices.randomElement(using: &random) ?? 0
      return faults.contains(kind) ? drawn : 0
    }
    rates.lostMessage = rate(.lost, [5, 20, 60])
    rates.slowMessage = rate(.slow, [10, 40, 100])
    rates.lateEnd = rate(.lateEnd, [50, 200, 500])
    rates.slowMarker = rate(.slowMarkers, [100, 400])
    rates.refusal = rate(.refused, [10, 30])
    rates.adapterFault = rate(.adapter, [100, 300])
    rates.adapterSlowness = rate(.adapter, [0, 100, 400])
    rates.slowStore = rate(.slowStore, [50, 200])
    rates.rejection = [100, 300, 600].randomElement(using: &random) ?? 100
  }

  private mutating func drawRequests(_ random: inout SeededRandom) {
    let users = (1...Int.random(in: 2...4, using: &random)).map { _ in Int64.random(in: 1...40, using: &random) }
    let keys = Int.random(in: 2...4, using: &random)
    for number in 1...Int.random(in: 8...22, using: &random) {
      // Most come early, so that the faults meet them under way.
      let span = random.chance(600) ? calmAt / 3 : calmAt
      let user = users.randomElement(using: &random) ?? 1
      let key = Int.random(in: 1...keys, using: &random)
      var request = PlannedRequest(
        number: number, time: Milliseconds.random(in: 0...span, using: &random), ask: .empty)
      switch Int.random(in: 0..<100, using: &random) {
      case 0..<66:
        let deadline = random.chance(60) ? Milliseconds.random(in: 500...20_000, using: &random) : nil
        request.ask = .link(user: user, key: key, account: random.chance(180) ? 2 : 1, deadline: deadline)
        if random.chance(120) { request.copies = 2 }
        if random.chance(40) { request.age = timing.retention + 5000 }
      case 66..<84:
        request.ask = .replay(user: user, key: key)
        // Drawn from nothing, so that the rest of the history stays as it is.
        if number.isMultiple(of: 3) { request.copies = 2 }
      case 84..<97: request.ask = .malformed(user: user, readable: random.chance(600))
      default: break
      }
      if random.chance(150) { request.partition = Int32.random(in: 0..<partitions, using: &random) }
      requests.append(request)
    }
    requests.sort { ($0.time, $0.number) < ($1.time, $1.number) }
  }

  private mutating func drawIncidents(_ kind: FaultKind, _ random: inout SeededRandom) {
    let count = kind.isRare ? 1 : Int.random(in: 1...3, using: &random)
    for _ in 0..<count {
      let worker = Int.random(in: 0..<workers, using: &random)
      guard let what = drawKind(kind, &random) else { continue }
      let time = Milliseconds.random(in: 0...calmAt, using: &random)
      var trigger = Incident.Trigger.time(time)
      // A worker that stands still with a transaction open is the worst that a worker can be.
      let isOpen = (kind == .pause || kind == .replaced) && random.chance(350)
      let points: [Incident.Point] = isOpen ? [.begun, .produced, .fenced, .ended] : Incident.Point.allCases
      let point = points.randomElement(using: &random) ?? .built
      let nth = Int.random(in: 1...8, using: &random)
      if kind.canHitPoint, random.chance(700) { trigger = .point(point, nth: point.isRare ? min(nth, 3) : nth) }
      if case .kill(.old, _) = what {
        incidents.append(Incident(trigger: .time(time / 3), worker: worker, kind: .copyDisk))
        trigger = .time(max(time, calmAt / 3))
      }
      incidents.append(Incident(trigger: trigger, worker: worker, kind: what))
    }
  }

  /// The adapter is down for many users at once: long enough for the circuit breaker to open.
  private mutating func drawOutage(_ random: inout SeededRandom) {
    let time = Milliseconds.random(in: 0...calmAt / 2, using: &random)
    incidents.append(Incident(trigger: .time(time), worker: 0, kind: .adapterDown(20_000)))
    for user in 41...50 as ClosedRange<Int64> {
      let number = requests.count + 1
      requests.append(
        PlannedRequest(
          number: number, time: time + Milliseconds.random(in: 1...500, using: &random),
          ask: .link(user: user, key: 1, account: 1, deadline: nil)))
    }
  }

  /// A worker that would forget a link stands still when that time comes; meanwhile the next owner accepts the link's replay, and waits for the
  /// adapter.
  private mutating func drawForgetting(_ random: inout SeededRandom) {
    rates.rejection = 600
    for request in requests.prefix(4) {
      guard case .link(let user, let key, _, _) = request.ask else { continue }
      let start = request.time + timing.retention - Milliseconds.random(in: 0...3000, using: &random)
      let replay = start + timing.session + Milliseconds.random(in: 500...3000, using: &random)
      requests.append(PlannedRequest(number: requests.count + 1, time: replay, ask: .replay(user: user, key: key)))
      let length = timing.session + Milliseconds.random(in: 3000...25_000, using: &random)
      incidents.append(
        Incident(
          trigger: .time(start), worker: Int.random(in: 0..<workers, using: &random), kind: .pause(length)))
      incidents.append(Incident(trigger: .time(replay - 1000), worker: 0, kind: .adapterDown(25_000)))
    }
  }

  private func drawKind(_ kind: FaultKind, _ random: inout SeededRandom) -> Incident.Kind? {
    let down = Milliseconds.random(in: 100...(random.chance(500) ? 1500 : 12_000), using: &random)
    let length = random.chance(300) ? down : timing.session + Milliseconds.random(in: 200...9000, using: &random)
    switch kind {
    case .crash: return .kill(.kept, down: down)
    case .wipe: return .kill(.lost, down: down)
    case .powerCut: return .kill(.powerless, down: down)
    case .oldStore: return .kill(.old, down: down)
    case .pause: return .pause(length)
    case .replaced: return .replace(length)
    case .cutOff: return .cutOff(length)
    case .rebalance: return .stop(down: down)
    case .adapter: return .adapterDown(length)
    case .credential: return .credentialRefused(length)
    case .clock:
      let jump = Milliseconds.random(in: 1...(random.chance(500) ? 30_000 : 30 * 86_400_000), using: &random)
      return .jumpClock(random.chance(500) ? jump : -jump)
    case .compaction: return .compact
    case .topicAnew: return .anew(all: random.chance(400))
    case .lost, .slow, .lateEnd, .slowMarkers, .refused, .retention, .slowStore, .stubborn: return nil
    }
  }
}

extension FaultKind {
  /// What most histories are better without: it overshadows the rest.
  fileprivate var isRare: Bool {
    switch self {
    case .topicAnew, .retention, .clock, .credential, .oldStore: true
    case .crash, .wipe, .powerCut, .pause, .replaced, .cutOff, .rebalance, .lost, .slow, .lateEnd, .slowMarkers,
      .refused,
      .adapter, .compaction, .slowStore, .stubborn:
      false
    }
  }

  /// Whether it may wait for the worst moment.
  fileprivate var canHitPoint: Bool {
    switch self {
    case .crash, .wipe, .powerCut, .pause, .replaced, .cutOff, .rebalance: true
    case .oldStore, .lost, .slow, .lateEnd, .slowMarkers, .refused, .adapter, .credential, .clock, .compaction,
      .topicAnew, .retention, .slowStore, .stubborn:
      false
    }
  }
}

extension Incident.Point {
  fileprivate var isRare: Bool {
    switch self {
    case .restoring, .offsetsRead, .endRead, .restored, .revoking, .purging: true
    case .received, .called, .answered, .journaled, .built, .begun, .added, .produced, .fenced, .ended, .committed,
      .applied:
      false
    }
  }
}

extension SeededRandom {
  /// True in so many of a thousand cases.
  mutating func chance(_ perMille: Int) -> Bool { Int.random(in: 0..<1000, using: &self) < perMille }
}
