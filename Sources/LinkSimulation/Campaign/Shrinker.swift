public import LinkCore

/// Makes a failing history small: takes faults out of it, then requests, then workers, as long as it fails in the same way.
public struct Shrinker {
  /// What is left.
  public struct Result: Sendable {
    /// The plan in a few lines: workers, faults, requests.
    public var plan: [String]
    /// What happened, line by line.
    public var story: [String]
    /// What was violated.
    public var violations: [String]
  }

  private let mutant: Mutant?
  private let sha256: SHA256Function
  /// The promise that is broken: the word before the colon.
  private let promise: Substring
  private var plan: Plan

  /// Plays a seed's history, and where it fails makes it small; nil where it does not fail.
  public static func shrink(
    seed: UInt64, faults: Set<FaultKind>, mutant: Mutant?, sha256: @escaping SHA256Function
  ) -> Result? {
    let plan = Plan(seed: seed, faults: faults)
    let violations = History(plan, mutant: mutant, sha256: sha256, isTold: false).violations
    guard let first = violations.first else { return nil }
    var shrinker = Shrinker(mutant: mutant, sha256: sha256, promise: promise(of: first), plan: plan)
    shrinker.shrink()
    let history = History(shrinker.plan, mutant: mutant, sha256: sha256, isTold: true)
    return Result(plan: shrinker.plan.lines, story: history.story, violations: history.violations)
  }

  private static func promise(of violation: String) -> Substring { violation.prefix { $0 != ":" } }

  private mutating func shrink() {
    for _ in 0..<4 {
      let before = plan.weight
      shrinkFaults()
      shrinkEach(\.requests)
      shrinkRequests()
      shrinkWorkers()
      if plan.weight == before { return }
    }
  }

  private mutating func shrinkFaults() {
    shrinkEach(\.incidents)
    let rates: [WritableKeyPath<Plan, Int>] = [
      \.rates.lostMessage, \.rates.slowMessage, \.rates.lateEnd, \.rates.slowMarker, \.rates.refusal,
      \.rates.adapterFault, \.rates.adapterSlowness, \.rates.slowStore, \.rates.rejection,
    ]
    for rate in rates where plan[keyPath: rate] > 0 { attempt { $0[keyPath: rate] = 0 } }
    if plan.stubbornness != nil, !attempt({ $0.stubbornness = nil }) {
      shrinkEach(\.quiet)
      shrinkEach(\.stubbornUsers)
    }
    if plan.membersAreStatic { attempt { $0.membersAreStatic = false } }
    if plan.timing != Plan.Timing() { attempt { $0.timing = Plan.Timing() } }
  }

  private mutating func shrinkRequests() {
    for index in plan.requests.indices {
      if plan.requests[index].copies > 1 { attempt { $0.requests[index].copies = 1 } }
      if plan.requests[index].partition != nil { attempt { $0.requests[index].partition = nil } }
      if plan.requests[index].age > 0 { attempt { $0.requests[index].age = 0 } }
    }
  }

  private mutating func shrinkWorkers() {
    while plan.workers > 1, attempt({ $0.workers -= 1 }) {}
    while plan.partitions > 1, attempt({ $0.partitions -= 1 }) {}
    while plan.calmAt > 4000, attempt({ $0.calmAt = $0.calmAt * 2 / 3 }) {}
  }

  /// Leaves elements out: first many at once, then one by one.
  private mutating func shrinkEach<Element>(_ elements: WritableKeyPath<Plan, [Element]>) {
    var size = max(1, plan[keyPath: elements].count / 2)
    while true {
      var index = 0
      while index < plan[keyPath: elements].count {
        let range = index..<min(index + size, plan[keyPath: elements].count)
        if !attempt({ $0[keyPath: elements].removeSubrange(range) }) { index += size }
      }
      guard size > 1 else { return }
      size /= 2
    }
  }

  /// Keeps a change under which the history still fails in the same way; chance falls otherwise after a change, so it has a few tries.
  @discardableResult
  private mutating func attempt(_ change: (inout Plan) -> Void) -> Bool {
    var changed = plan
    change(&changed)
    for shift in 0..<4 as Range<UInt64> {
      var candidate = changed
      candidate.chanceSeed &+= shift
      let history = History(candidate, mutant: mutant, sha256: sha256, isTold: false)
      guard let violation = history.violations.first, Self.promise(of: violation) == promise else { continue }
      plan = candidate
      return true
    }
    return false
  }
}

extension Plan {
  fileprivate var quiet: [PlannedRequest] {
    get { stubbornness?.quiet ?? [] }
    set { stubbornness?.quiet = newValue }
  }

  fileprivate var stubbornUsers: [Int64] {
    get { stubbornness?.users ?? [] }
    set { stubbornness?.users = newValue }
  }

  /// How much there is in it.
  fileprivate var weight: Int {
    incidents.count + requests.count + quiet.count + stubbornUsers.count + workers + Int(partitions) + faults.count
      + Int(calmAt)
  }

  /// The plan for a reader.
  var lines: [String] {
    [
      "\(workers) workers, \(partitions) partitions, faults until \(calmAt) ms: "
        + (faults.isEmpty ? "none" : faults.map(\.rawValue).sorted().joined(separator: ", "))
        + (membersAreStatic ? "; static members" : "")
    ] + (stubbornness.map { ["\($0)"] } ?? []) + incidents.map { "\($0)" } + requests.map { "\($0)" }
      + quiet.map { "\($0), once all is at rest but for the stubborn users" }
  }
}
