import LinkCore

/// The store's port in memory, for tests of the engine.
struct MemoryStore: LinkStorage {
  private struct Row {
    var link: Link
    var wake: Timestamp?
    var isParked = false
  }

  private var rows: [LinkKey: Row] = [:]
  private(set) var journal: [JournalKey: JournalEntry] = [:]

  var linkCount: Int { rows.count }

  mutating func restore(_ records: [StateRecord], _ partition: Int32) {
    rows = rows.filter { $0.value.link.origin.partition != partition }
    for record in records { take(record) }
  }

  /// As after a death: what was taken or parked wakes at its due time.
  mutating func reopen() {
    for key in rows.keys {
      rows[key]?.isParked = false
      if case .scheduled(let due)? = rows[key]?.link.state { rows[key]?.wake = due }
    }
  }

  func nextWake(_ partition: Int32) -> Timestamp? {
    rows.values.filter { $0.link.origin.partition == partition }.compactMap(\.wake).min()
  }

  mutating func perform(_ work: [StoreWork]) -> [StoreAnswer] { work.compactMap { perform($0) } }

  private mutating func perform(_ work: StoreWork) -> StoreAnswer? {
    switch work {
    case .lookUp(let ticket, let key):
      let link = rows[key]?.link
      return .found(ticket: ticket, link: link, journaled: journal[JournalKey(link: key, replay: link?.replay ?? 0)])
    case .journal(let ticket, let entries):
      for entry in entries { journal[entry.key] = entry }
      return .journaled(ticket: ticket)
    case .apply(let ticket, let batch):
      for record in batch.records.values.joined() { take(record) }
      for key in batch.settled { journal[key] = nil }
      return .applied(ticket: ticket)
    case .takeDue(let ticket, let partition, let until, let limit):
      let due = rows.values.filter { $0.link.origin.partition == partition && $0.wake.map { $0 <= until } ?? false }
        .sorted { ($0.wake ?? until, $0.link.origin.offset) < ($1.wake ?? until, $1.link.origin.offset) }
        .prefix(limit)
      for row in due { rows[row.link.key]?.wake = nil }
      return .due(ticket: ticket, links: due.map { dueLink($0.link) }, next: nextWake(partition))
    case .park(_, let keys):
      for key in keys {
        rows[key]?.isParked = true
        rows[key]?.wake = nil
      }
      return nil
    case .takeParked(let ticket, let partition, let userId):
      let first = rows.values.filter { $0.isParked && $0.link.key.userId == userId }
        .min { $0.link.origin.offset < $1.link.origin.offset }
      if let first { rows[first.link.key]?.isParked = false }
      return .due(ticket: ticket, links: first.map { [dueLink($0.link)] } ?? [], next: nextWake(partition))
    case .wake(_, let keys):
      for key in keys { if case .scheduled(let due)? = rows[key]?.link.state { rows[key]?.wake = due } }
      return nil
    case .listExpired(let ticket, let partition, let before, let limit):
      let ended = rows.values.filter { $0.link.origin.partition == partition }
        .compactMap { row -> (Timestamp, LinkKey)? in
          switch row.link.state {
          case .succeeded(let at), .failed(let at, _): at < before ? (at, row.link.key) : nil
          case .scheduled: nil
          }
        }
        .sorted { $0 < $1 }
      return .expired(ticket: ticket, keys: ended.prefix(limit).map(\.1))
    }
  }

  private func dueLink(_ link: Link) -> DueLink {
    DueLink(link: link, journaled: journal[JournalKey(link: link.key, replay: link.replay)])
  }

  private mutating func take(_ record: StateRecord) {
    switch record {
    case .link(let link):
      var row = Row(link: link)
      if case .scheduled(let due) = link.state { row.wake = due }
      rows[link.key] = row
    case .tombstone(.link(let key)): rows[key] = nil
    case .mark, .identity, .tombstone: break
    }
  }
}
