import LinkCore

/// One partition of a topic: entries of open, committed and aborted transactions, with the offsets that markers and compaction leave out.
struct PartitionLog {
  private(set) var entries: [Entry] = []
  private(set) var end: Int64 = 0
  /// By producer, where its open transaction begins.
  private var open: [Int: Int64] = [:]

  struct Entry {
    var offset: Int64
    var body: Body
    var status: Status
    var at: Milliseconds
  }

  enum Body {
    case request(SourceRecord)
    case state(StateRecord)
    /// Outcomes and dead letters.
    case published(OutgoingRecord)
  }

  enum Status: Equatable { case committed, aborted, open(Int) }

  /// The last stable offset: a read_committed reader sees nothing at or behind it.
  var stableEnd: Int64 { open.values.min() ?? end }

  /// Whether a producer has records here whose transaction has not ended.
  func hasOpen(_ producer: Int) -> Bool { open[producer] != nil }

  /// Appends a record, of a producer's transaction or of none; its offset.
  @discardableResult
  mutating func append(_ body: Body, of producer: Int?, at: Milliseconds) -> Int64 {
    let offset = end
    var body = body
    if case .request(var record) = body {
      record.offset = offset
      body = .request(record)
    }
    entries.append(Entry(offset: offset, body: body, status: producer.map { .open($0) } ?? .committed, at: at))
    if let producer, open[producer] == nil { open[producer] = offset }
    end += 1
    return offset
  }

  /// The records of a producer's transaction that has not ended here, in order.
  func open(_ producer: Int) -> [Entry] { entries.filter { $0.status == .open(producer) } }

  /// Writes the marker of a transaction's end.
  mutating func mark(_ producer: Int, committed: Bool) {
    let first = open.removeValue(forKey: producer) ?? end
    var index = entries.count
    while index > 0, entries[index - 1].offset >= first {
      index -= 1
      if entries[index].status == .open(producer) { entries[index].status = committed ? .committed : .aborted }
    }
    end += 1
  }

  /// What a read_committed reader gets from `offset` on, and where it stands then.
  func read(from offset: Int64, limit: Int) -> (entries: [Entry], position: Int64) {
    var found: [Entry] = []
    let stable = stableEnd
    var index = first(from: offset)
    while index < entries.count, entries[index].offset < stable {
      if entries[index].status == .committed {
        found.append(entries[index])
        if found.count == limit { return (found, entries[index].offset + 1) }
      }
      index += 1
    }
    return (found, max(stable, offset))
  }

  /// The committed entry exactly at an offset.
  func entry(at offset: Int64) -> Entry? {
    let index = first(from: offset)
    guard index < entries.count, entries[index].offset == offset, entries[index].status == .committed,
      offset < stableEnd
    else { return nil }
    return entries[index]
  }

  /// Compacts what lies before the last stable offset: of one key the last record stays; tombstones go that are older than `horizon`.
  mutating func compact(tombstonesBefore horizon: Milliseconds) {
    let stable = stableEnd
    var last: [StateKey: Int64] = [:]
    for entry in entries where entry.offset < stable && entry.status == .committed {
      if case .state(let record) = entry.body { last[record.key] = entry.offset }
    }
    entries.removeAll { entry in
      guard entry.offset < stable, entry.offset + 1 < end else { return false }
      guard entry.status == .committed, case .state(let record) = entry.body else { return entry.status == .aborted }
      guard last[record.key] == entry.offset else { return true }
      if case .tombstone = record { return entry.at < horizon }
      return false
    }
  }

  private func first(from offset: Int64) -> Int {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].offset < offset { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
