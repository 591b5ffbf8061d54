/// Past its deadline a link fails, wherever it waits, and no call is made.
///
/// One that rests in the store wakes at its deadline: nothing is scheduled, put off or parked beyond it. One that waits in memory is looked for here.
extension Engine {
  /// The moment after which no call is made for a link.
  func deadline(of link: Link) -> Timestamp {
    link.deadline(settings.retry, stateRetention: settings.stateRetention)
  }

  /// Whether that moment has come.
  func isOverdue(_ link: Link) -> Bool { now.wall >= deadline(of: link) }

  /// Ends the links that wait for a slot and whose deadline passes meanwhile: slots may be long in coming.
  mutating func endOverdue() {
    for key in ready.takeExpired(at: now.wall) where active[key]?.stage == .queued {
      endTurn(of: key)
      fail(overdue: key)
    }
  }

  /// The same of those that wait behind their users' earlier ones.
  mutating func endOverdueBehindOthers() {
    for key in users.queued.sorted() {
      guard let link = active[key]?.link, isOverdue(link), users.withdraw(key) else { continue }
      fail(overdue: key)
    }
  }

  private mutating func fail(overdue key: LinkKey) {
    guard let waiting = active[key], let link = waiting.link, let request = link.request else { return }
    fail(link, request, waiting.lane, settles: waiting.settles, code: .deadlineExceeded)
  }
}
