import LinkCore

/// Work on its way through one transaction.
struct StoreTurn {
  /// What has been answered so far.
  private(set) var answers: [StoreAnswer] = []
  private let connection: Connection
  private let sha256: SHA256Function
  private let now: Timestamp

  init(_ connection: Connection, sha256: @escaping SHA256Function, now: Timestamp) {
    self.connection = connection
    self.sha256 = sha256
    self.now = now
  }

  /// Does one piece of work.
  mutating func perform(_ work: StoreWork) throws(StoreFailure) {
    switch work {
    case .lookUp(let ticket, let key): try lookUp(key, ticket)
    case .journal(let ticket, let entries):
      for entry in entries { try connection.journal.put(entry, under: stored(entry.key.link)) }
      answers.append(.journaled(ticket: ticket))
    case .apply(let ticket, let batch):
      try apply(batch)
      answers.append(.applied(ticket: ticket))
    case .takeDue(let ticket, let partition, let until, let limit, let taken):
      let links = try connection.links.takeDue(partition, until: until, limit: limit, after: taken)
      try answer(ticket, links, partition)
    case .park(let partition, let links):
      for (key, until) in links { try connection.links.park(stored(key), partition: partition, until: until) }
    case .takeParked(let ticket, let partition, let user):
      let link = try connection.links.takeParked(partition, user: user)
      try answer(ticket, link.map { [$0] } ?? [], partition)
    case .wake(let partition, let keys):
      for key in keys { try connection.links.wake(stored(key), partition: partition) }
    case .putOff(let partition, let links):
      for (key, until) in links { try connection.links.putOff(stored(key), partition: partition, until: until) }
    case .listExpired(let ticket, let partition, let before, let limit):
      let keys = try connection.links.ended(partition, before: before, limit: limit)
      answers.append(.expired(ticket: ticket, keys: keys))
    }
  }

  /// Takes one state record of a partition into the view. `offset` is nil where only the commit is known.
  func take(_ record: StateRecord, partition: Int32, offset: Int64?) throws(StoreFailure) {
    switch record {
    case .link(let link): try connection.links.put(link, under: stored(link.key), partition: partition)
    case .mark(let mark): try connection.partitions.mark(mark, partition: partition)
    case .identity(_, let identity): try connection.partitions.identify(partition, as: identity, offset: offset)
    case .tombstone(.link(let key)): try connection.links.remove(stored(key), partition: partition)
    case .tombstone(.mark(_, let offset)): try connection.partitions.unmark(partition, offset: offset)
    // Never written; where somebody else did, the view keeps what it knows.
    case .tombstone(.identity): break
    }
  }

  private mutating func lookUp(_ key: LinkKey, _ ticket: UInt64) throws(StoreFailure) {
    let stored = stored(key)
    let link = try connection.links.find(stored)
    let journaled = try connection.journal.find(key, replay: link?.replay ?? 0, under: stored)
    answers.append(.found(ticket: ticket, link: link, journaled: journaled))
  }

  private func apply(_ batch: AppliedBatch) throws(StoreFailure) {
    for (partition, records) in batch.records.sorted(by: { $0.key < $1.key }) {
      for record in records { try take(record, partition: partition, offset: nil) }
    }
    for (partition, checkpoint) in batch.checkpoints.sorted(by: { $0.key < $1.key }) {
      try connection.partitions.advance(partition, to: checkpoint, at: now)
    }
    for key in batch.settled where try connection.journal.remove(replay: key.replay, under: stored(key.link)) {
      connection.hasResidue = true
    }
  }

  private mutating func answer(_ ticket: UInt64, _ links: [StoredLink], _ partition: Int32) throws(StoreFailure) {
    var due: [DueLink] = []
    due.reserveCapacity(links.count)
    for row in links {
      let journaled = try connection.journal.find(row.link.key, replay: row.link.replay, under: row.key)
      due.append(DueLink(link: row.link, journaled: journaled))
    }
    answers.append(.due(ticket: ticket, links: due, next: try connection.links.nextWake(partition)))
  }

  private func stored(_ key: LinkKey) -> StoredKey { StoredKey(key, sha256: sha256) }
}

extension [StoreWork] {
  /// What a transaction of this work is for.
  var purpose: Connection.Purpose {
    var purpose = Connection.Purpose.reading
    for work in self {
      switch work {
      case .lookUp, .listExpired: break
      case .apply, .takeDue, .park, .takeParked, .wake, .putOff: purpose = .viewing
      case .journal: return .journaling
      }
    }
    return purpose
  }
}
