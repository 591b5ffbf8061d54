/// How large the store is, for operators.
public struct StoreFigures: Hashable, Sendable {
  /// Links that are scheduled, taken and parked ones included.
  public var scheduled: Int64
  /// Answers in the journal.
  public var journaled: Int64
  /// Bytes of the database and its write-ahead log on the disk.
  public var size: Int64
}

extension LinkStore {
  /// The figures of these partitions; the journal and the size are the whole store's. Some microseconds, however many links there are.
  public func figures(of partitions: [Int32]) throws(StoreFailure) -> StoreFigures {
    let (scheduled, journaled) = try transaction(.reading) { connection throws(StoreFailure) in
      (try connection.scheduled.counts(), try connection.journal.count())
    }
    return StoreFigures(
      scheduled: partitions.reduce(0) { $0 + (scheduled[$1] ?? 0) }, journaled: journaled, size: fileSize)
  }
}
