import LinkCore
import LinkKafka
import LinkOps
import LinkStore

/// Looks for a batch in the tail of the state topic: what stands there is committed.
struct TailSearch {
  let reader: StateReader
  let store: StoreThread
  let log: Log
  let isCancelled: () -> Bool

  /// Whether all of the batch's state records stand behind the store's checkpoint. One is not enough: a mark, or its tombstone, is the same
  /// bytes whoever writes it, and another worker that has taken the partition over may have.
  ///
  /// A batch without state records is not found, and so done again: it holds nothing but offsets.
  /// - Returns: nil where it was cancelled.
  func finds(_ batch: Batch) throws -> Bool? {
    var sought: [Int32: Set<Entry>] = [:]
    for decision in batch.decisions {
      for record in decision.state {
        let (key, value) = record.encoded()
        sought[decision.partition, default: []].insert(Entry(key: key, value: value))
      }
    }
    guard !sought.isEmpty else { return false }
    var starts: [Int32: Int64] = [:]
    var ends: [Int32: Int64] = [:]
    for partition in sought.keys {
      let view = try store.withStore { store throws(StoreFailure) in try store.view(partition) }
      starts[partition] = view?.checkpoint ?? 0
      ends[partition] = try reader.end(partition: partition)
    }
    let isWhole = try reader.read(
      from: starts, to: ends,
      onStuck: { log.error("reconcile.stuck", "\($0)", ["partition": .integer($0.partition)]) },
      isCancelled: isCancelled
    ) { partition, entries in
      for entry in entries { sought[partition]?.remove(Entry(key: entry.key, value: entry.value)) }
    }
    let isFound = sought.values.allSatisfy(\.isEmpty)
    return isWhole || isFound ? isFound : nil
  }

  private struct Entry: Hashable {
    var key: [UInt8]
    var value: [UInt8]?
  }
}
