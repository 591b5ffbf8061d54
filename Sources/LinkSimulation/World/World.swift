import LinkCore

/// One history's world: Kafka, the adapter, the workers and the clock.
final class World {
  let plan: Plan
  let mutant: Mutant?
  let sha256: SHA256Function
  let agenda = Agenda()
  var random: SeededRandom
  var coverage = Coverage()
  /// What happened, where somebody wants to read it.
  private(set) var story: [String]?
  private(set) lazy var broker = Broker(world: self, partitions: plan.partitions)
  private(set) lazy var adapter = Adapter(world: self)
  private(set) lazy var truth = Truth(world: self)
  let slots: [Slot]
  /// Every process there ever was.
  var processes: [Process] = []
  /// The faults have stopped.
  var isCalm = false
  /// Incidents that wait for a point, and how often it was reached since they began to wait.
  var awaited: [(incident: Incident, left: Int)]
  var adapterDownUntil: Milliseconds = 0
  var credentialRefusedUntil: Milliseconds = 0
  /// Counts the credentials that the workers' file has had.
  var credentialVersion = 1
  var faultCounts: [FaultKind: Int] = [:]
  /// Whether the quiet users have asked, and when the stubborn ones' calls were answered again.
  var quietHaveAsked = false
  var stubbornEnd: Milliseconds?

  init(plan: Plan, mutant: Mutant?, sha256: @escaping SHA256Function, isTold: Bool) {
    self.plan = plan
    self.mutant = mutant
    self.sha256 = sha256
    random = SeededRandom(seed: plan.chanceSeed)
    awaited = plan.incidents.compactMap { incident in
      if case .point(_, let nth) = incident.trigger { (incident, nth) } else { nil }
    }
    story = isTold ? [] : nil
    slots = (0..<plan.workers).map { Slot(index: $0) }
  }

  /// The time by a clock that is right.
  var wall: Timestamp { Timestamp(milliseconds: 1_800_000_000_000 + agenda.now) }

  func pass(_ passage: Passage) { coverage[passage] += 1 }

  /// Adds a line to the story, where one is wanted.
  func tell(_ line: @autoclosure () -> String) {
    guard story != nil else { return }
    let time = String(agenda.now)
    story?.append(String(repeating: " ", count: max(0, 7 - time.count)) + time + "  " + line())
  }

  // MARK: - Chance

  /// True in so many of a thousand cases while there are faults.
  func chance(_ perMille: Int) -> Bool { perMille > 0 && !isCalm && random.chance(perMille) }

  func milliseconds(_ range: ClosedRange<Milliseconds>) -> Milliseconds { .random(in: range, using: &random) }

  enum Message { case ordinary, end }

  /// How long a message between a process and Kafka takes; nil where it is lost.
  func flight(_ process: Process, _ message: Message) -> Milliseconds? {
    if process.isCutOff { return nil }
    if chance(plan.rates.lostMessage) {
      faultCounts[.lost, default: 0] += 1
      return nil
    }
    if message == .end, chance(plan.rates.lateEnd) {
      faultCounts[.lateEnd, default: 0] += 1
      return milliseconds(random.chance(600) ? 620...700 : 700...4000)
    }
    if chance(plan.rates.slowMessage) {
      faultCounts[.slow, default: 0] += 1
      return milliseconds(50...2500)
    }
    return milliseconds(1...3)
  }

  func markerDelay() -> Milliseconds {
    guard chance(plan.rates.slowMarker) else { return milliseconds(0...3) }
    faultCounts[.slowMarkers, default: 0] += 1
    return milliseconds(20...1500)
  }

  /// Whether Kafka refuses a record for itself; what it refuses once it refuses until the faults stop, most of the time.
  func refuses(_ body: PartitionLog.Body) -> Bool {
    guard chance(plan.rates.refusal) else { return false }
    if case .state = body { return false }
    faultCounts[.refused, default: 0] += 1
    return true
  }
}

/// A worker as its operator sees it: a name, a disk, and at times a process.
final class Slot {
  let index: Int
  var disk: Disk
  var process: Process?
  /// By how much its wall clock is off.
  var clockOffset: Milliseconds = 0
  var startsFromBeginning = false

  init(index: Int) {
    self.index = index
    disk = Disk(name: index)
  }
}
