public import LinkCore

/// What the restore of a partition asks of the store, and what the worker asks about partitions.
extension LinkStore {
  /// How many rows a slice of a purge drops: about a millisecond's work.
  public static let purgeSlice = 200

  /// The view of a partition, or nil where there is none: then `begin` it and restore from the state topic's start.
  public func view(_ partition: Int32) throws(StoreFailure) -> PartitionView? {
    try transaction(.reading) { connection throws(StoreFailure) in try connection.partitions.view(partition) }
  }

  /// Drops the partition's view with all its links and marks, in slices of one transaction each; the journal stays.
  ///
  /// A partition of a million links takes some seconds: `StoreThread.begin` lets other work in between.
  public func begin(_ partition: Int32) throws(StoreFailure) {
    while try !purge(partition, limit: Self.purgeSlice) {}
  }

  /// Drops the partition's view and up to `limit` of its links and marks; says whether none is left. Until then the partition has no
  /// view, so that what is left is never taken for all.
  public func purge(_ partition: Int32, limit: Int) throws(StoreFailure) -> Bool {
    try transaction(.viewing) { connection throws(StoreFailure) in
      try connection.partitions.forget(partition)
      return try connection.partitions.purge(partition, limit: limit) < limit
    }
  }

  /// Takes records of the state topic into the views of their partitions, which then reach as far as the batch, all in one transaction. Begins
  /// a view where there is none: call `begin` before. The write-ahead log grows to 64 MiB and a batch meanwhile: `scrub` when all is absorbed, or the
  /// next work pays for it.
  public func absorb(_ batch: RestoreBatch, at: Timestamp) throws(StoreFailure) {
    try transaction(.restoring) { connection throws(StoreFailure) in
      for (partition, checkpoint) in batch.checkpoints.sorted(by: { $0.key < $1.key }) {
        try connection.partitions.restore(partition, to: checkpoint, at: at)
      }
      let turn = StoreTurn(connection, sha256: sha256, now: at)
      for other in batch.others { try turn.take(other.record, partition: other.partition, offset: other.offset) }
      try batch.forEachLinkByDigest { (link) throws(StoreFailure) in
        switch link {
        case .put(let row): try connection.links.put(row)
        case .remove(let key, let partition): try connection.links.remove(key, partition: partition)
        }
      }
    }
  }

  /// The marks of a partition, by their offsets.
  public func marks(_ partition: Int32) throws(StoreFailure) -> [Mark] {
    try transaction(.reading) { connection throws(StoreFailure) in try connection.partitions.marks(partition) }
  }

  /// How many links of a partition the view has. It walks an index: some milliseconds for a hundred thousand.
  public func linkCount(_ partition: Int32) throws(StoreFailure) -> Int {
    try transaction(.reading) { connection throws(StoreFailure) in try connection.partitions.count(partition) }
  }

  /// Whether the view has any link of the partition.
  public func hasLinks(_ partition: Int32) throws(StoreFailure) -> Bool {
    try transaction(.reading) { connection throws(StoreFailure) in try connection.partitions.exists(partition) }
  }

  /// How many links of all partitions are scheduled, taken and parked ones included. It walks an index, as `linkCount` does.
  public func scheduledCount() throws(StoreFailure) -> Int {
    try transaction(.reading) { connection throws(StoreFailure) in try connection.partitions.scheduled() }
  }

  /// When the next link of the partition wakes that is not taken.
  public func nextWake(_ partition: Int32) throws(StoreFailure) -> Timestamp? {
    try transaction(.reading) { connection throws(StoreFailure) in try connection.links.nextWake(partition) }
  }

  /// Lets the taken and parked links of a partition wake at their due times: when its lane opens.
  public func resetWakes(_ partition: Int32) throws(StoreFailure) {
    try transaction(.viewing) { connection throws(StoreFailure) in try connection.partitions.reset(partition) }
  }

  /// Drops journaled answers whose `expiresAt` lies before `before`, and says how many.
  @discardableResult
  public func expireJournal(before: Timestamp) throws(StoreFailure) -> Int {
    try transaction(.viewing) { connection throws(StoreFailure) in
      let count = try connection.journal.expire(before: before)
      if count > 0 { connection.hasResidue = true }
      return count
    }
  }
}
