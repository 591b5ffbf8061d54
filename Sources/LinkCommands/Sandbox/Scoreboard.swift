import LinkCore

/// What came for each sample up to now.
struct Scoreboard {
  /// A sample and what came for it.
  struct Row {
    var sample: Sample
    /// In the order of its coming; what came twice stands here twice.
    var came: [Sight] = []

    /// Whether exactly what was expected came, each once.
    var isAsExpected: Bool { came.count == sample.expected.count && Set(came) == sample.expected }
  }

  private(set) var rows: [Row]
  /// Whether all has come, or was waited for long enough; else somebody stopped it before.
  var isSettled = false
  /// Calls of the adapter that outcomes told of, by user.
  private var toldCalls: [Int64: Int64] = [:]
  private var isJudged = false

  init(_ samples: [Sample]) { rows = samples.map { Row(sample: $0) } }

  /// Takes what came; what is nobody's of the samples counts for none.
  mutating func take(_ sighting: Sighting) {
    if let userId = sighting.userId, let attempts = sighting.attempts,
      rows.contains(where: { $0.sample.userId == userId })
    {
      toldCalls[userId, default: 0] += attempts
    }
    guard let index = rows.firstIndex(where: { $0.sample.name == sighting.sample }) else { return }
    rows[index].came.append(sighting.sight)
  }

  /// Whether as much has come as is expected: no reason to wait any longer.
  var isComplete: Bool { rows.allSatisfy { $0.came.count >= $0.sample.expected.count } }

  /// Looks at the adapter, once: what others ask for the samples' users later is no matter of the samples.
  mutating func judge(calls: (Int64) -> Int64) {
    guard !isJudged else { return }
    rows = judged(calls: calls)
    isJudged = true
  }

  /// The rows with what only a look at the adapter tells: a sample for which nothing was to come may have cost no call.
  func judged(calls: (Int64) -> Int64) -> [Row] {
    rows.map { row in
      guard row.sample.expected.isEmpty, let userId = row.sample.userId, let told = toldCalls[userId] else {
        return row
      }
      var row = row
      let untold = calls(userId) - told
      if untold > 0 { row.came.append(.untoldCalls(untold)) }
      return row
    }
  }
}
