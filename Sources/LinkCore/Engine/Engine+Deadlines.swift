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

  /// Ends the links that wait in memory, for a slot or behind their user's earlier ones, past their deadlines: slots may be long in coming.
  mutating func failOverdue() {
    for key in (Array(ready) + users.queued).sorted() {
      guard let waiting = active[key], waiting.stage == .queued, let link = waiting.link, let request = link.request,
        isOverdue(link)
      else { continue }
      withdraw(key)
      fail(link, request, waiting.lane, settles: waiting.settles, code: .deadlineExceeded)
    }
  }
}
