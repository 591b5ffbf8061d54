import LinkCore
import LinkCrypto
import LinkFailpoints
import LinkKafka
import LinkStore

/// Takes records of the state topic into the store's views, some megabytes at a time: while the store writes one batch, the next is read.
final class ViewWriter {
  private let store: StoreThread
  private var batch = RestoreBatch(sha256: sha256)
  private var writing: StoreErrand<Void>?

  /// How large a batch is that is handed over. Two are in memory at a time. The larger they are, the fewer pages of the store are written twice.
  private static let byteLimit = 12 << 20

  init(_ store: StoreThread) { self.store = store }

  /// Takes records of a partition in their order; says why not where one cannot be read: a link that is not understood must not pass for
  /// unknown. What stands before that one is taken.
  func take(_ entries: [StateEntry], of partition: Int32) throws -> String? {
    for entry in entries {
      do throws(StateRecordFault) {
        let record = try StateRecord.decode(key: entry.key, value: entry.value)
        batch.add(record, value: entry.value, partition: partition, offset: entry.offset)
      } catch {
        // The end of something that was never understood is no loss.
        if entry.value == nil { continue }
        return "the state record at offset \(entry.offset) cannot be read: \(error). "
          + "Try: a worker of the version that wrote it; if something else wrote it, a tombstone for its key, and compaction, which a small "
          + "segment.ms of the topic hastens"
      }
      if batch.byteCount >= Self.byteLimit { try handOver() }
    }
    return nil
  }

  /// Writes the rest, waits for it, and confirms the checkpoint of partitions whose ends are reached, behind markers; there, what was taken or parked
  /// wakes again. The store's log, which is long by now, is cleared: otherwise the first journaled answer would wait for that.
  func finish(reaching ends: [Int32: Int64]) throws {
    for (partition, end) in ends { batch.reach(partition, end) }
    try handOver()
    try writing?.value()
    let now = SystemClock.wall()
    try store.withStore { store throws(StoreFailure) in
      for partition in ends.keys.sorted() { try store.resetWakes(partition) }
      try store.expireJournal(before: now)
      try store.scrub()
    }
  }

  /// Begins to write the batch once the one before is written.
  private func handOver() throws(StoreFailure) {
    try writing?.value()
    let full = batch
    batch = RestoreBatch(sha256: sha256)
    let now = SystemClock.wall()
    writing = try store.errand { store throws(StoreFailure) in
      try store.absorb(full, at: now)
      Failpoint.absorbed.reach()
    }
  }
}
