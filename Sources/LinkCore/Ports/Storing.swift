/// What the engine asks of the local store, in the order in which it is to be done.
public enum StoreWork: Sendable {
  /// Look a link and its journaled answer up. Answered by `.found`.
  case lookUp(ticket: UInt64, key: LinkKey)
  /// Keep answers durably before they are published. Answered by `.journaled` once they are on disk.
  case journal(ticket: UInt64, entries: [JournalEntry])
  /// Take committed state into the view and drop journaled answers, in one SQLite transaction. Answered by `.applied`.
  case apply(ticket: UInt64, AppliedBatch)
  /// Take up to `limit` links of a partition whose wake-up time has come, in the order of `DueOrder`, of which `taken` were taken before: by
  /// their own deadlines (of one deadline: earliest first), and earliest first (of one time: by source offset); those of one user that are
  /// taken together by source offset. Each taken link sleeps until it is applied, woken or the store is opened again. Answered by `.due`.
  ///
  /// Of the links that wait, the 4096 with the nearest deadlines are looked at; of parked ones, those whose deadline has passed.
  case takeDue(ticket: UInt64, partition: Int32, until: Timestamp, limit: Int, taken: Int)
  /// Set links aside, which are due but whose user is busy, until `takeParked` asks for them; at a time of their own they wake as others
  /// do. Not answered.
  case park(partition: Int32, [(key: LinkKey, until: Timestamp)])
  /// Take the parked link of this user with the lowest source offset, if there is one. Answered by `.due`.
  case takeParked(ticket: UInt64, partition: Int32, userId: Int64)
  /// Let links that were taken wake again at their own due time. Not answered.
  case wake(partition: Int32, keys: [LinkKey])
  /// Let links that were taken sleep until a time of their own, in the store alone: what Kafka knows of them stays as it is. Not answered.
  case putOff(partition: Int32, [(key: LinkKey, until: Timestamp)])
  /// List up to `limit` links that ended (succeeded or failed) before `before`, oldest first. Answered by `.expired`.
  case listExpired(ticket: UInt64, partition: Int32, before: Timestamp, limit: Int)
}

/// What the store answers, by ticket.
public enum StoreAnswer: Sendable {
  /// The link as the view has it, and its journaled answer for the link's present replay number (0 where there is no link).
  case found(ticket: UInt64, link: Link?, journaled: JournalEntry?)
  /// The entries are on disk.
  case journaled(ticket: UInt64)
  /// The batch is in the view.
  case applied(ticket: UInt64)
  /// Links taken, with their journaled answers, and the wake-up time of the next one of the partition that was not taken.
  case due(ticket: UInt64, links: [DueLink], next: Timestamp?)
  /// Ended links that are older than was asked.
  case expired(ticket: UInt64, keys: [LinkKey])
}

/// A scheduled link whose time has come.
public struct DueLink: Sendable {
  /// The link.
  public var link: Link
  /// Its journaled answer, where a crash or a revoke kept one from being committed.
  public var journaled: JournalEntry?

  /// A due link.
  public init(link: Link, journaled: JournalEntry? = nil) {
    self.link = link
    self.journaled = journaled
  }
}

/// Committed state for the view.
public struct AppliedBatch: Sendable {
  /// State records by partition, in the order in which they were produced; tombstones delete.
  public var records: [Int32: [StateRecord]]
  /// For each partition the checkpoint: the offset of the state topic up to which the view now holds it.
  public var checkpoints: [Int32: Int64]
  /// Journaled answers that are committed now.
  public var settled: [JournalKey]

  /// A batch that Kafka has committed.
  public init(records: [Int32: [StateRecord]], checkpoints: [Int32: Int64], settled: [JournalKey]) {
    self.records = records
    self.checkpoints = checkpoints
    self.settled = settled
  }
}

/// Names a journaled answer.
public struct JournalKey: Hashable, Sendable {
  /// The link.
  public var link: LinkKey
  /// 0, or the number of the accepted replay.
  public var replay: Int

  /// The answer to this replay number of a link.
  public init(link: LinkKey, replay: Int) {
    self.link = link
    self.replay = replay
  }
}

/// An answer of the adapter that Kafka does not have yet: the outcome's bytes, ready to be published.
public struct JournalEntry: Sendable {
  /// The link and its replay number.
  public var key: JournalKey
  /// Of the request that the answer belongs to. An answer is used only for that one, whose place the payload has.
  public var fingerprint: Digest
  /// The partition of the requests topic.
  public var partition: Int32
  /// After this moment the answer is of no use (the token is dead).
  public var expiresAt: Timestamp
  /// Outcome and state record, encoded by the core; it holds the token.
  public var payload: Secret

  /// An answer to keep.
  public init(key: JournalKey, fingerprint: Digest, partition: Int32, expiresAt: Timestamp, payload: Secret) {
    self.key = key
    self.fingerprint = fingerprint
    self.partition = partition
    self.expiresAt = expiresAt
    self.payload = payload
  }
}

/// The local store as the engine knows it. SQLite implements it; so does the simulator's store with crash semantics.
public protocol LinkStorage {
  /// Does all of `work` in its order and makes it durable at once; the answers stand in the same order.
  mutating func perform(_ work: [StoreWork]) throws -> [StoreAnswer]
}
