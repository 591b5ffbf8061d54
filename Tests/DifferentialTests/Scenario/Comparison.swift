import LinkTestSupport

/// One scenario on two clusters, side by side.
struct Comparison {
  let scenario: Scenario
  let simulated: any ScenarioBroker
  let real: any ScenarioBroker

  /// Where the two showed something different, first.
  struct Mismatch: CustomStringConvertible {
    var scenario: Scenario
    /// The step's place among the scenario's.
    var step: Int
    var simulatedAnswer: Answer
    var realAnswer: Answer
    /// What of the views is different, in words.
    var views: [String]

    var description: String {
      var lines = ["\(scenario.name), step \(step + 1) of \(scenario.steps.count):"]
      for (index, done) in scenario.steps.prefix(step + 1).enumerated() { lines.append("  \(index + 1). \(done)") }
      return lines.joined(separator: "\n") + "\n" + difference
    }

    /// What was different, in words.
    var difference: String {
      let answers = simulatedAnswer == realAnswer ? [] : ["simulated: \(simulatedAnswer)\nreal:      \(realAnswer)"]
      return (answers + views).joined(separator: "\n")
    }
  }

  /// Plays it, up to the first difference.
  func run() throws -> Mismatch? {
    var producers: [Int: Int] = [:]
    var members: [Int: Int] = [:]
    for (index, step) in scenario.steps.enumerated() {
      guard step.isPossible(producers, members) else { continue }
      if case .initialise(let producer) = step { producers[producer, default: 0] += 1 }
      if case .arrive(let member) = step { members[member, default: 0] += 1 }
      let answers = try (simulated.perform(step), real.perform(step))
      let views = try difference(simulated.view(), real.view())
      guard answers.0 == answers.1, views.isEmpty else {
        return Mismatch(
          scenario: scenario, step: index, simulatedAnswer: answers.0, realAnswer: answers.1, views: views)
      }
    }
    return nil
  }

  private func difference(_ simulated: ClusterView, _ real: ClusterView) -> [String] {
    guard simulated != real else { return [] }
    var lines: [String] = []
    func compare<Value: Equatable>(_ what: String, _ left: Value?, _ right: Value?) {
      func text(_ value: Value?) -> String { value.map { "\($0)" } ?? "none" }
      if left != right { lines.append("\(what)\nsimulated: \(text(left))\nreal:      \(text(right))") }
    }
    for place in Place.all {
      let (left, right) = (simulated.partitions[place] ?? .init(), real.partitions[place] ?? .init())
      compare("end of \(place)", left.end, right.end)
      compare("last stable offset of \(place)", left.stableEnd, right.stableEnd)
      compare("read_committed records of \(place)", left.committed, right.committed)
      compare("read_uncommitted records of \(place)", left.uncommitted, right.uncommitted)
      compare("read_committed position in \(place)", left.position, right.position)
    }
    compare("committed offsets", simulated.offsets, real.offsets)
    compare("unstable offsets", simulated.unstable, real.unstable)
    for life in Set(simulated.memberships.keys).union(real.memberships.keys).sorted() {
      compare("membership of \(life)", simulated.memberships[life], real.memberships[life])
    }
    return lines
  }
}

extension Step {
  /// Whether the lives that it is about have begun: of a scenario that was made smaller, some have not.
  fileprivate func isPossible(_ producers: [Int: Int], _ members: [Int: Int]) -> Bool {
    func lives(_ life: Life, _ among: [Int: Int]) -> Bool { life.number <= among[life.of] ?? 0 }
    switch self {
    case .add(let producer, _), .produce(let producer, _, _, _), .end(let producer, _):
      return lives(producer, producers)
    case .sendOffsets(let producer, let member, _, _): return lives(producer, producers) && lives(member, members)
    case .rejoin(let rejoining): return rejoining.allSatisfy { lives($0, members) }
    case .leave(let member), .expire(let member), .beat(let member): return lives(member, members)
    case .initialise, .timeOut, .write, .compact, .deleteRecords, .makeAnew, .read, .arrive, .giveUpWaiting: return true
    }
  }
}
