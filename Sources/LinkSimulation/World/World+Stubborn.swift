import LinkCore

/// Users to whom the adapter gives nothing, also after the faults have stopped, and the quiet ones who ask meanwhile.
extension World {
  /// Whether the adapter gives this user nothing now.
  func isStubborn(_ user: Int64) -> Bool {
    guard let stubbornness = plan.stubbornness, stubbornEnd == nil else { return false }
    return agenda.now >= plan.calmAt - stubbornness.lead && stubbornness.users.contains(user)
  }

  /// Whether some are, or will be.
  var awaitsStubbornEnd: Bool { plan.stubbornness != nil && stubbornEnd == nil }

  /// Has the quiet users ask once all has come to rest but for the stubborn ones, and lets the stubbornness end when all of that is judged; or
  /// without it where no rest comes.
  func awaitRest() {
    guard let stubbornness = plan.stubbornness else { return }
    truth.lookForUnrest()
    if !quietHaveAsked, truth.hasRested {
      quietHaveAsked = true
      truth.quietLeft = stubbornness.quiet.count
      tell("all is at rest but for the stubborn users")
      for request in stubbornness.quiet { agenda.after(request.time) { [self] in ask(request) } }
    }
    let isOver = quietHaveAsked ? truth.quietLeft == 0 : agenda.now >= plan.calmAt + Self.restPatience
    guard !isOver else {
      tell("the stubborn users' calls are answered again")
      return stubbornEnd = agenda.now
    }
    agenda.after(500) { [self] in awaitRest() }
  }

  /// How long after the faults a rest is awaited: most histories have it within 60 s.
  private static let restPatience: Milliseconds = 120_000

  private func ask(_ request: PlannedRequest) {
    write(request)
    truth.awaitService(of: request)
  }
}
