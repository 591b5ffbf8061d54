/// Which records of one partition are settled, and so up to where its offset may move.
///
/// It counts received records, not numbers: offsets have gaps where transactions left markers or compaction took records.
struct OffsetTracker: Sendable {
  /// The next offset that is expected; everything below was received.
  private(set) var next: Int64
  /// The offset that the group has committed.
  private(set) var committed: Int64
  /// The received records from the first unsettled one on, in their order.
  private var entries: Deque<Entry> = Deque()
  /// Bytes of the values of the records that `unsettledCount` counts.
  private(set) var unsettledBytes = 0
  /// Records that are not settled, those of the transaction under way among them: it may yet be aborted. Those that rest are not counted.
  private(set) var unsettledCount = 0

  private struct Entry: Sendable {
    var offset: Int64
    var bytes: Int
    var state: State

    enum State: Sendable { case unsettled, batched, settled, resting }
  }

  /// A partition of which nothing was received, begun at `committed`.
  init(committed: Int64) {
    next = committed
    self.committed = committed
  }

  /// Records held: from the first unsettled one to the last received.
  var heldCount: Int { entries.count }

  /// Takes a record in; false where it was received before.
  mutating func receive(_ offset: Int64, bytes: Int) -> Bool {
    guard offset >= next else { return false }
    entries.append(Entry(offset: offset, bytes: bytes, state: .unsettled))
    next = offset + 1
    unsettledCount += 1
    unsettledBytes += bytes
    return true
  }

  /// Learns that the partition ends at `offset`: what lies between the last record and there are markers.
  mutating func reachEnd(_ offset: Int64) {
    guard offset > next else { return }
    entries.append(Entry(offset: offset - 1, bytes: 0, state: .settled))
    next = offset
  }

  /// Settles a record that needs no transaction of its own.
  mutating func settle(_ offset: Int64) { change(offset, to: .settled) }

  /// Counts a record as settled for the transaction that is being built.
  mutating func batch(_ offset: Int64) { change(offset, to: .batched) }

  /// Sets a record aside whose decision the broker refuses: it stays unsettled, and counts for no limit that others share.
  mutating func rest(_ offset: Int64) { change(offset, to: .resting) }

  /// Where the group's offset would stand once all that is settled or batched is.
  var position: Int64 {
    guard let first = entries.first(where: { $0.state == .unsettled || $0.state == .resting }) else { return next }
    return first.offset
  }

  /// The batch is committed: its records are settled, and the group's offset stands at `position`.
  mutating func commit(at position: Int64) {
    entries.mutateEach { entry in
      guard entry.state == .batched else { return }
      entry.state = .settled
      unsettledCount -= 1
      unsettledBytes -= entry.bytes
    }
    committed = position
    while let first = entries.first, first.state == .settled { entries.removeFirst() }
  }

  /// The batch is not committed: its records are unsettled again.
  mutating func abort() {
    entries.mutateEach { if $0.state == .batched { $0.state = .unsettled } }
  }

  private mutating func change(_ offset: Int64, to state: Entry.State) {
    guard let index = entries.firstIndex(sortedBy: offset, { $0.offset }) else { return }
    let change = Self.count(of: state) - Self.count(of: entries[index].state)
    unsettledCount += change
    unsettledBytes += change * entries[index].bytes
    entries[index].state = state
  }

  private static func count(of state: Entry.State) -> Int {
    switch state {
    case .unsettled, .batched: 1
    case .settled, .resting: 0
    }
  }
}
