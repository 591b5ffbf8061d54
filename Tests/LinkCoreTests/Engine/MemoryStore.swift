import LinkCore

/// The store's port in memory, for tests of the engine.
struct MemoryStore: LinkStorage {
  /// How often a link was asked for.
  private(set) var lookUpCount = 0
  private var links: [LinkKey: Link] = [:]
  /// Scheduled links that are not taken.
  private var wakes: [Int32: [LinkKey: Timestamp]] = [:]
  /// Parked links of each user, by source offset.
  private var parked: [Int64: [Int64: LinkKey]] = [:]
  private(set) var journal: [JournalKey: JournalEntry] = [:]

  var linkCount: Int { links.count }

  mutating func restore(_ records: [StateRecord], _ partition: Int32) {
    for link in links.values where link.origin.partition == partition { remove(link.key) }
    for record in records { take(record) }
  }

  /// As after a death: what was taken or parked wakes at its due time.
  mutating func reopen() {
    parked = [:]
    for link in links.values { wake(link) }
  }

  func nextWake(_ partition: Int32) -> Timestamp? { wakes[partition]?.values.min() }

  mutating func perform(_ work: [StoreWork]) -> [StoreAnswer] { work.compactMap { perform($0) } }

  private mutating func perform(_ work: StoreWork) -> StoreAnswer? {
    switch work {
    case .lookUp(let ticket, let key):
      lookUpCount += 1
      let link = links[key]
      return .found(ticket: ticket, link: link, journaled: journal[JournalKey(link: key, replay: link?.replay ?? 0)])
    case .journal(let ticket, let entries):
      for entry in entries { journal[entry.key] = entry }
      return .journaled(ticket: ticket)
    case .apply(let ticket, let batch):
      for record in batch.records.values.joined() { take(record) }
      for key in batch.settled { journal[key] = nil }
      return .applied(ticket: ticket)
    case .takeDue(let ticket, let partition, let until, let limit, let taken):
      return .due(ticket: ticket, links: takeDue(partition, until, limit, taken), next: nextWake(partition))
    case .park(let partition, let aside):
      for (key, until) in aside {
        guard let link = links[key], case .scheduled = link.state, link.origin.partition == partition else { continue }
        parked[key.userId, default: [:]][link.origin.offset] = key
        wakes[partition, default: [:]][key] = until
      }
      return nil
    case .takeParked(let ticket, let partition, let userId):
      let first = parked[userId]?.min { $0.key < $1.key }
      let link = first.flatMap { links[$0.value] }
      if let link { rest(link) }
      return .due(ticket: ticket, links: link.map { [dueLink($0)] } ?? [], next: nextWake(partition))
    case .wake(_, let keys):
      for key in keys { if let link = links[key] { wake(link) } }
      return nil
    case .putOff(let partition, let putOff):
      for (key, until) in putOff {
        guard let link = links[key], case .scheduled = link.state else { continue }
        rest(link)
        wakes[partition, default: [:]][key] = until
      }
      return nil
    case .listExpired(let ticket, let partition, let before, let limit):
      return .expired(ticket: ticket, keys: Array(ended(partition, before).prefix(limit)))
    }
  }

  private mutating func takeDue(_ partition: Int32, _ until: Timestamp, _ limit: Int, _ taken: Int) -> [DueLink] {
    let due = (wakes[partition] ?? [:]).filter { $0.value <= until }
      .compactMap { key, wake in links[key].map { (wake: wake, offset: $0.origin.offset, link: $0) } }
      .sorted { ($0.wake, $0.offset) < ($1.wake, $1.offset) }
    let urgent = due.compactMap { due -> (deadline: Timestamp, wake: Timestamp, offset: Int64, key: LinkKey)? in
      guard let deadline = due.link.request?.deadline else { return nil }
      let isParked = parked[due.link.key.userId]?[due.offset] == due.link.key
      return isParked && deadline > until ? nil : (deadline, due.wake, due.offset, due.link.key)
    }
    .sorted { ($0.deadline, $0.wake, $0.offset) < ($1.deadline, $1.wake, $1.offset) }
    let picked = DueOrder.pick(urgent: urgent.map(\.key), waiting: due.map(\.link.key), limit: limit, after: taken)
      .compactMap { links[$0] }
    for link in picked { rest(link) }
    return DueOrder.orderedByOffset(picked) { $0 }.map { dueLink($0) }
  }

  private func ended(_ partition: Int32, _ before: Timestamp) -> [LinkKey] {
    links.values.compactMap { link -> (Timestamp, LinkKey)? in
      switch link.state {
      case .succeeded(let at), .failed(let at, _):
        at < before && link.origin.partition == partition ? (at, link.key) : nil
      case .scheduled: nil
      }
    }
    .sorted { $0 < $1 }.map(\.1)
  }

  private func dueLink(_ link: Link) -> DueLink {
    DueLink(link: link, journaled: journal[JournalKey(link: link.key, replay: link.replay)])
  }

  private mutating func take(_ record: StateRecord) {
    switch record {
    case .link(let link):
      remove(link.key)
      links[link.key] = link
      wake(link)
    case .tombstone(.link(let key)): remove(key)
    case .mark, .identity, .tombstone: break
    }
  }

  private mutating func wake(_ link: Link) {
    rest(link)
    if case .scheduled(let due) = link.state { wakes[link.origin.partition, default: [:]][link.key] = due }
  }

  private mutating func remove(_ key: LinkKey) {
    guard let link = links.removeValue(forKey: key) else { return }
    rest(link)
  }

  private mutating func rest(_ link: Link) {
    wakes[link.origin.partition]?[link.key] = nil
    parked[link.key.userId]?[link.origin.offset] = nil
  }
}
