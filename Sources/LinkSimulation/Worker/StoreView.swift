import LinkCore

/// The store's port in memory, as the SQLite store does it.
struct StoreView: LinkStorage {
  private var links: [LinkKey: Row] = [:]
  private(set) var journal: [JournalKey: JournalEntry] = [:]
  private var marks: [Int32: [Int64: Digest]] = [:]
  private(set) var views: [Int32: View] = [:]
  /// The wall clock of the machine, as of the work under way.
  var now = Timestamp(milliseconds: 0)

  /// The view of one partition of the state topic.
  struct View {
    var identity: Identity?
    var identityOffset: Int64?
    var checkpoint: Int64
    var checkpointedAt: Timestamp
  }

  private struct Row {
    var link: Link
    var partition: Int32
    /// When it wakes; nil where it is taken or ended.
    var wake: Timestamp?
    var isParked = false

    var due: Timestamp? { if case .scheduled(let due) = link.state { due } else { nil } }
  }

  mutating func perform(_ work: [StoreWork]) -> [StoreAnswer] { work.compactMap { perform($0) } }

  private mutating func perform(_ work: StoreWork) -> StoreAnswer? {
    switch work {
    case .lookUp(let ticket, let key):
      let link = links[key]?.link
      return .found(ticket: ticket, link: link, journaled: journal[JournalKey(link: key, replay: link?.replay ?? 0)])
    case .journal(let ticket, let entries):
      for entry in entries { journal[entry.key] = entry }
      return .journaled(ticket: ticket)
    case .apply(let ticket, let batch):
      apply(batch)
      return .applied(ticket: ticket)
    case .takeDue(let ticket, let partition, let until, let limit, let taken):
      return .due(ticket: ticket, links: takeDue(partition, until, limit, taken), next: nextWake(partition))
    case .park(let partition, let aside):
      for (key, until) in aside where links[key]?.partition == partition && links[key]?.due != nil {
        links[key]?.wake = until
        links[key]?.isParked = true
      }
      return nil
    case .takeParked(let ticket, let partition, let userId):
      let parked = links.values.filter { $0.isParked && $0.partition == partition && $0.link.key.userId == userId }
      let first = parked.min { $0.link.origin.offset < $1.link.origin.offset }
      if let first { take(first.link.key) }
      return .due(ticket: ticket, links: first.map { [dueLink($0.link)] } ?? [], next: nextWake(partition))
    case .wake(let partition, let keys):
      for key in keys where links[key]?.partition == partition { wake(key) }
      return nil
    case .putOff(let partition, let putOff):
      for (key, until) in putOff where links[key]?.partition == partition && links[key]?.due != nil {
        links[key]?.wake = until
        links[key]?.isParked = false
      }
      return nil
    case .listExpired(let ticket, let partition, let before, let limit):
      return .expired(ticket: ticket, keys: Array(ended(partition, before).prefix(limit)))
    }
  }

  mutating func apply(_ batch: AppliedBatch) {
    for (partition, records) in batch.records { for record in records { take(record, partition, offset: nil) } }
    for (partition, checkpoint) in batch.checkpoints {
      guard let view = views[partition] else { continue }
      views[partition]?.checkpoint = max(view.checkpoint, checkpoint)
      views[partition]?.checkpointedAt = now
    }
    for key in batch.settled { journal[key] = nil }
  }

  mutating func drop(_ key: JournalKey) { journal[key] = nil }

  // MARK: - Restoring

  /// Drops what is known of a partition; the journal stays.
  mutating func begin(_ partition: Int32) {
    views[partition] = nil
    links = links.filter { $0.value.partition != partition }
    marks[partition] = nil
  }

  mutating func absorb(_ partition: Int32, _ entries: [(offset: Int64, record: StateRecord)], checkpoint: Int64) {
    views[partition, default: View(checkpoint: 0, checkpointedAt: now)].checkpoint = checkpoint
    views[partition]?.checkpointedAt = now
    for (offset, record) in entries { take(record, partition, offset: offset) }
  }

  mutating func resetWakes(_ partition: Int32?) {
    for (key, row) in links where partition == nil || row.partition == partition { wake(key) }
  }

  mutating func expireJournal() { journal = journal.filter { $0.value.expiresAt >= now } }

  func nextWake(_ partition: Int32) -> Timestamp? {
    links.values.lazy.filter { $0.partition == partition }.compactMap(\.wake).min()
  }

  func hasLinks(_ partition: Int32) -> Bool { links.values.contains { $0.partition == partition } }

  func marks(_ partition: Int32) -> [Mark] {
    (marks[partition] ?? [:]).sorted { $0.key < $1.key }.map {
      Mark(partition: partition, offset: $0.key, digest: $0.value)
    }
  }

  // MARK: - Helpers

  private mutating func take(_ record: StateRecord, _ partition: Int32, offset: Int64?) {
    switch record {
    case .link(let link):
      links[link.key] = Row(link: link, partition: partition)
      wake(link.key)
    case .mark(let mark): marks[partition, default: [:]][mark.offset] = mark.digest
    case .identity(_, let identity):
      guard let view = views[partition] else { return }
      if view.identity != identity || offset != nil { views[partition]?.identityOffset = offset }
      views[partition]?.identity = identity
    case .tombstone(.link(let key)): if links[key]?.partition == partition { links[key] = nil }
    case .tombstone(.mark(_, let offset)): marks[partition]?[offset] = nil
    case .tombstone(.identity): break
    }
  }

  private mutating func wake(_ key: LinkKey) {
    guard let due = links[key]?.due else { return }
    links[key]?.wake = due
    links[key]?.isParked = false
  }

  private mutating func take(_ key: LinkKey) {
    links[key]?.wake = nil
    links[key]?.isParked = false
  }

  private mutating func takeDue(_ partition: Int32, _ until: Timestamp, _ limit: Int, _ taken: Int) -> [DueLink] {
    let due = links.values.filter { $0.partition == partition }
      .compactMap { row in row.wake.map { (wake: $0, offset: row.link.origin.offset, row: row) } }
      .filter { $0.wake <= until }
      .sorted { ($0.wake, $0.offset) < ($1.wake, $1.offset) }
    let urgent = due.compactMap { due -> (deadline: Timestamp, wake: Timestamp, offset: Int64, key: LinkKey)? in
      guard let deadline = due.row.link.request?.deadline else { return nil }
      return due.row.isParked && deadline > until ? nil : (deadline, due.wake, due.offset, due.row.link.key)
    }
    .sorted { ($0.deadline, $0.wake, $0.offset) < ($1.deadline, $1.wake, $1.offset) }
    let picked = DueOrder.pick(
      urgent: urgent.map(\.key), waiting: due.map(\.row.link.key), limit: limit, after: taken
    ).compactMap { links[$0]?.link }
    for link in picked { take(link.key) }
    return DueOrder.orderedByOffset(picked) { $0 }.map { dueLink($0) }
  }

  private func ended(_ partition: Int32, _ before: Timestamp) -> [LinkKey] {
    links.values.filter { $0.partition == partition }.compactMap { row -> (Timestamp, LinkKey)? in
      switch row.link.state {
      case .succeeded(let at), .failed(let at, _): at < before ? (at, row.link.key) : nil
      case .scheduled: nil
      }
    }
    .sorted { $0 < $1 }.map(\.1)
  }

  private func dueLink(_ link: Link) -> DueLink {
    DueLink(link: link, journaled: journal[JournalKey(link: link.key, replay: link.replay)])
  }
}
