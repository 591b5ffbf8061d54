/// Makes a scenario with a difference small.
struct Shrinking {
  let run: (Scenario) throws -> Comparison.Mismatch?

  /// The mismatch of the smallest scenario that was found by leaving out one step after the other.
  func shrink(_ found: Comparison.Mismatch) throws -> Comparison.Mismatch {
    var smallest = found
    smallest.scenario.steps = Array(found.scenario.steps.prefix(found.step + 1))
    var index = smallest.scenario.steps.count - 1
    while index >= 0 {
      var candidate = smallest.scenario
      candidate.steps.remove(at: index)
      // Steps on which the rest depends fail in their own way: such a candidate is not taken.
      if let mismatch = try? run(candidate) { smallest = mismatch }
      index = min(index, smallest.scenario.steps.count) - 1
    }
    return smallest
  }
}
