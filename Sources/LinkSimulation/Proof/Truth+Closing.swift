import LinkCore

/// What must hold once the faults have stopped and everything has settled.
extension Truth {
  /// Whether everything has come to rest: offsets, links and workers.
  var isSettled: Bool {
    guard !world.awaitsStubbornEnd else { return false }
    for (partition, log) in world.broker.requests.enumerated() {
      guard world.broker.group.offsets[Int32(partition)] == log.end, log.stableEnd == log.end else { return false }
    }
    guard state.values.allSatisfy({ $0.isDone || isPutOff($0) }) else { return false }
    return world.slots.allSatisfy { slot in
      guard let process = slot.process, !process.isDead else { return true }
      return process.isAtRest
    }
  }

  /// Whether a clock that was far ahead has put the link off: it is called for when that time has come.
  private func isPutOff(_ link: Link) -> Bool {
    guard world.plan.faults.contains(.clock), case .scheduled(let due) = link.state else { return false }
    return due - world.wall > 60_000
  }

  /// Why it has not.
  var unsettled: String {
    var reasons: [String] = []
    for (partition, log) in world.broker.requests.enumerated() {
      let offset = world.broker.group.offsets[Int32(partition)]
      if offset != log.end || log.stableEnd != log.end {
        reasons.append(
          "partition \(partition) ends at \(log.end) (stable \(log.stableEnd)), the group stands at \(offset.map { "\($0)" } ?? "nothing")"
        )
      }
    }
    for link in state.values.sorted(by: { $0.key < $1.key }) where !link.isDone {
      reasons.append("link \(link.key) waits")
    }
    for slot in world.slots {
      guard let process = slot.process, !process.isDead, !process.isAtRest else { continue }
      reasons.append("worker \(slot.index) is not at rest: \(process.load)")
    }
    return reasons.joined(separator: "; ")
  }

  /// I1, I2 and I8 of everything that was written and published.
  func close() {
    let copies = Dictionary(grouping: written) { $0.request.number }
    for (_, records) in copies.sorted(by: { $0.key < $1.key }) { close(records) }
    for (key, link) in state { close(key, link) }
    for outcome in outcomes where state[outcome.key] == nil && (forgotten[outcome.key] ?? 0) == 0 {
      violate("I8: link \(outcome.key) has an outcome and no state")
    }
  }

  private func close(_ records: [Written]) {
    guard let request = records.first?.request else { return }
    let isExcused = records.contains(where: \.isExcused)
    let refused = refusals[request.number] ?? 0
    let letters = records.count { (deadLetters[$0.origin] ?? 0) > 0 }
    if refused > records.count { violate("I1: request \(request.id) is refused \(refused) times") }
    switch request.ask {
    case .empty:
      if refused + letters > 0 { violate("I1: a record without a value has an end") }
    case .malformed(_, let readable):
      guard !isExcused else { return }
      if letters != records.count { violate("I1: malformed \(request.id) has \(letters) dead letters") }
      if readable, refused != records.count { violate("I1: malformed \(request.id) has \(refused) refusals") }
    case .link(_, _, let account, _): closeLink(request, account, refused, copies: records.count, isExcused)
    case .replay: closeReplay(request, refused, copies: records.count, isExcused)
    }
  }

  private func closeLink(
    _ request: PlannedRequest, _ account: Int64, _ refused: Int, copies: Int, _ isExcused: Bool
  ) {
    guard let key = request.link else { return }
    let own = outcomes.filter { $0.number == request.number }
    for outcome in own where outcome.key != key || outcome.account != account {
      violate("I7: the outcome of \(request.id) is for account \(outcome.account)")
    }
    if !own.isEmpty, refused >= copies { violate("I1: request \(request.id) has an outcome and is refused") }
    guard !isExcused, own.isEmpty, refused == 0 else { return }
    guard !outcomes.contains(where: { $0.key == key && $0.account == account }) else { return }
    if let link = state[key], isPutOff(link) { return }
    violate("I1: request \(request.id) for \(key), account \(account), has no end")
  }

  private func closeReplay(_ request: PlannedRequest, _ refused: Int, copies: Int, _ isExcused: Bool) {
    guard let key = request.link else { return }
    let isAccepted = state[key]?.replays.contains { $0.id == Text(request.id) } ?? false
    // The first may come before the link has failed, and the same event once more after it.
    if isAccepted, refused >= copies { violate("I1: replay \(request.id) is accepted and refused") }
    if !isExcused, !isAccepted, refused == 0, (forgotten[key] ?? 0) == 0 {
      violate("I1: replay \(request.id) of \(key) has no end")
    }
  }

  private func close(_ key: LinkKey, _ link: Link) {
    let isSuccess = if case .succeeded = link.state { true } else { false }
    guard link.isDone else { return }
    let own = outcomes.filter { $0.key == key && $0.replay == link.replay }
    if own.isEmpty { return violate("I8: link \(key) has ended at replay \(link.replay) and has no outcome") }
    if own.last?.isSuccess != isSuccess { violate("I8: link \(key) ended otherwise than its outcome says") }
  }
}
