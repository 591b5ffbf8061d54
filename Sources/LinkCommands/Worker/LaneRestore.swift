import LinkCore
import LinkKafka
import LinkOps
import LinkStore

/// One restore of some lanes: step 1 of the protocol, in its order.
struct LaneRestore {
  let reader: StateReader
  let store: StoreThread
  let progress: RestoreProgress
  let log: Log
  let settings: Restorer.Settings
  let isCancelled: () -> Bool

  /// Restores the lanes and says of each whether it may open, and whether the group has an offset of it. Throws what may be mended by trying
  /// again.
  func run(_ lanes: [LaneID]) throws -> (events: [Event], hasOffset: [Int32: Bool]) {
    let began = SystemClock.uptime()
    let partitions = lanes.map(\.partition)
    // First the group's number, then the end: what is committed between the two is read.
    let committed = try reader.committed(
      partitions: partitions, timeout: 60_000, onWait: { tell("restore.waiting", .warning, "\($0)") },
      isCancelled: isCancelled)
    var ends: [Int32: Int64] = [:]
    for partition in partitions { ends[partition] = try reader.end(partition: partition) }
    var starts: [Int32: Int64] = [:]
    var blocked: [Int32: String] = [:]
    for partition in partitions {
      switch try start(of: partition, end: ends[partition] ?? 0) {
      case .from(let offset): starts[partition] = offset
      case .blocked(let reason): blocked[partition] = reason
      }
    }
    let readable = ends.filter { starts[$0.key] != nil }
    let lengths = readable.map { ($0, max($1 - (starts[$0] ?? 0), 0)) }
    progress.begin(Dictionary(uniqueKeysWithValues: lengths), at: SystemClock.uptime())
    var count = 0
    let writer = ViewWriter(store)
    let isWhole = try reader.read(
      from: starts, to: readable,
      onStuck: { tell("restore.stuck", .error, "\($0)", ["partition": .integer($0.partition)]) },
      isCancelled: isCancelled
    ) { partition, entries in
      let next = entries.last.map { $0.offset + 1 } ?? 0
      progress.read(entries.count, of: partition, remaining: max((ends[partition] ?? 0) - next, 0))
      if let fields = progress.report(at: SystemClock.uptime()) {
        log.info("restore.progress", "The partitions' state is being read.", fields)
      }
      guard blocked[partition] == nil else { return }
      count += entries.count
      blocked[partition] = try writer.take(entries, of: partition)
    }
    // What was read is kept in any case: it need not be read again.
    try writer.finish(reaching: isWhole ? readable.filter { blocked[$0.key] == nil } : [:])
    guard isWhole else { return ([], [:]) }
    progress.finish(at: SystemClock.uptime())
    report(partitions, count, SystemClock.uptime() - began)
    let events = try lanes.map { lane in
      if let reason = blocked[lane.partition] { return Event.blocked(lane, reason: reason) }
      return try opening(lane, committed[lane.partition])
    }
    return (events, Dictionary(partitions.map { ($0, committed[$0] != nil) }, uniquingKeysWith: { $1 }))
  }

  /// Says what the restore waits for, in the log and on the health page.
  private func tell(_ event: String, _ level: LogLevel, _ message: String, _ fields: LogFields = [:]) {
    progress.wait(for: message)
    log.write(level, event, message, fields)
  }

  private enum Start {
    case from(Int64)
    case blocked(String)
  }

  /// From where the state partition has to be read: from the checkpoint where the view is of this very log and not too old, else anew.
  private func start(of partition: Int32, end: Int64) throws -> Start {
    let kept = try store.withStore { store throws(StoreFailure) in try store.view(partition) }
    guard let view = kept, view.checkpoint > 0 else {
      // All of it is read in any case. What a view without a checkpoint holds may be of another log.
      try store.begin(partition)
      return .from(0)
    }
    guard try isOfThisLog(view, partition) else {
      return try anew(partition, "it is of another log", end)
    }
    guard SystemClock.wall() - view.checkpointedAt < settings.tombstoneRetention else {
      return try anew(partition, "its checkpoint is older than the state topic keeps tombstones", end)
    }
    guard view.checkpoint <= end else {
      return .blocked(
        "the local store has the state topic up to offset \(view.checkpoint), but it ends at \(end): the log was cut, and the "
          + "store is the only memory left. Try: restore the state topic; or, to go on with what it has, move store.directory away"
      )
    }
    return .from(view.checkpoint)
  }

  private func anew(_ partition: Int32, _ why: String, _ end: Int64) throws -> Start {
    log.warning(
      "store.set_aside", "The local view of the partition is dropped and read anew: \(why).",
      ["partition": .integer(partition), "records": .integer(end)])
    try store.begin(partition)
    return .from(0)
  }

  /// The partition's identity stands where the view says; where the view wrote it itself it stands at the log's start.
  private func isOfThisLog(_ view: PartitionView, _ partition: Int32) throws -> Bool {
    guard let identity = view.identity else { return false }
    guard let entry = try reader.entry(partition: partition, offset: view.identityOffset ?? 0) else { return false }
    guard case .identity(partition, identity)? = try? StateRecord.decode(key: entry.key, value: entry.value) else {
      return false
    }
    return true
  }

  private func report(_ partitions: [Int32], _ count: Int, _ took: Milliseconds) {
    log.info(
      "restore.done", "The partitions' state is restored.",
      [
        "partitions": .list(partitions.map { .integer($0) }), "records": .integer(count),
        "milliseconds": .integer(took), "recordsPerSecond": .integer(Int64(count) * 1000 / max(took, 1)),
      ])
  }

  private func opening(_ lane: LaneID, _ committed: CommittedOffset?) throws -> Event {
    let partition = lane.partition
    let found = try store.withStore { store throws(StoreFailure) in
      (
        hasLinks: try store.hasLinks(partition), marks: try store.marks(partition),
        identity: try store.view(partition)?.identity, nextWake: try store.nextWake(partition)
      )
    }
    let log = try reader.watermarks(partition: partition)
    if let offset = committed?.offset, offset < log.low || offset > log.high {
      return .blocked(
        lane,
        reason:
          "the group's committed offset \(offset) is not in the partition (\(log.low) … \(log.high)): requests were lost, or "
          + "the topic was made anew. Try: find out which; then set the group's offset, and start again")
    }
    if committed == nil, found.hasLinks || !found.marks.isEmpty, !settings.startsFromBeginning {
      return .blocked(
        lane,
        reason: "the group has no committed offset, but there is state of this partition: the offset is lost. Try: run "
          + "--from-beginning, which takes all requests that are still there again and calls for no link that is known")
    }
    // An offset that no worker committed is the word of a person: it holds for a group that is new as well as for one whose state is gone.
    if let committed, let identity = committed.identity, identity != found.identity {
      return .blocked(
        lane,
        reason:
          "a worker committed the group's offset \(committed.offset), but the partition's state topic has "
          + "\(found.identity == nil ? "no identity" : "another identity than it had then"): the topic was made anew, or lost "
          + "records, and with them the memory of links. Try: restore the state topic; or, to go on without that memory, stop all workers "
          + "and set the group's offset of this partition to where they are to go on (kafka-consumer-groups.sh --reset-offsets): what "
          + "lies behind it is served, also what had its outcome, and what lies before it is not")
    }
    return .opened(
      LaneOpening(
        lane: lane, position: committed?.offset ?? log.low,
        isCommitted: committed?.identity != nil, identity: found.identity,
        marks: found.marks, nextWake: found.nextWake))
  }
}
