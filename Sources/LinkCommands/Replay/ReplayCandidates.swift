/// The links that a reading finds for a job, up to the limit. Pure.
struct ReplayCandidates {
  /// Those that were found.
  private(set) var found: [ReplayCandidate] = []
  private let limit: Int

  /// - Parameter limit: How many there may be.
  init(limit: Int = ReplayPlan.linkLimit) { self.limit = limit }

  /// Whether there are more than a job may have: then the reading has ended early, and nobody knows the others.
  var isCut: Bool { found.count > limit }

  /// Takes those of one partition; false ends the reading.
  mutating func take(_ links: [ReplayCandidate]) -> Bool {
    // One too many says it all.
    found += links.prefix(limit + 1 - found.count)
    return !isCut
  }
}
