public import LinkCore

/// One seed's history: a plan, played to its end, and what came of it.
public struct History: Sendable {
  /// What was violated, in the order of its being noticed; empty where every promise held.
  public private(set) var violations: [String] = []
  /// How often each passage of the protocol was reached.
  public private(set) var coverage = Coverage()
  /// Faults that happened, by kind.
  public private(set) var faults: [FaultKind: Int] = [:]
  /// Calls of the adapter, and links that had an outcome.
  public private(set) var calls = 0, links = 0
  /// What happened, line by line, where it was asked for.
  public private(set) var story: [String] = []

  /// How long everything may take to settle once the faults have stopped: a link that a wrong clock has put off waits until its deadline.
  private static let patience: Milliseconds = 2 * 3_600_000

  /// Plays the history of a seed; `isTold` keeps what happens, line by line.
  public init(
    seed: UInt64, faults: Set<FaultKind> = Set(FaultKind.allCases), mutant: Mutant? = nil,
    sha256: @escaping SHA256Function, isTold: Bool = false
  ) {
    self.init(Plan(seed: seed, faults: faults), mutant: mutant, sha256: sha256, isTold: isTold)
  }

  init(_ plan: Plan, mutant: Mutant?, sha256: @escaping SHA256Function, isTold: Bool) {
    let world = World(plan: plan, mutant: mutant, sha256: sha256, isTold: isTold)
    world.play(patience: Self.patience)
    violations = world.truth.violations
    coverage = world.coverage
    faults = world.faultCounts
    calls = world.adapter.callCount
    links = Set(world.truth.outcomes.map(\.key)).count
    story = world.story ?? []
    world.clear()
  }
}
