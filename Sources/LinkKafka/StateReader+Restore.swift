import CRdKafka
import LinkCore

extension StateReader {
  /// A partition whose restore does not move: something stands between what is read and the end.
  public struct Stuck: Sendable, Equatable, CustomStringConvertible {
    /// The partition of the state topic.
    public var partition: Int32
    /// The next offset to read.
    public var position: Int64
    /// The end to reach.
    public var end: Int64
    /// The topic.
    public var topic: String

    /// What holds it, and how to find whose it is.
    public var description: String {
      "the restore of partition \(partition) of \(topic) waits at offset \(position), before \(end): a transaction is open there. "
        + "Try: kafka-transactions.sh --bootstrap-server … describe-producers --topic \(topic) --partition \(partition) names its "
        + "producer; it ends by itself after that producer's transaction.timeout.ms, and at once by kafka-transactions.sh … abort "
        + "--topic \(topic) --partition \(partition) --start-offset \(position)"
    }
  }

  /// Reads several partitions of the state topic at once, committed records only, each until everything before its end has been read.
  ///
  /// - Parameters:
  ///   - starts: For each partition the first offset to read; 0 means from the earliest there is.
  ///   - ends: For each partition its end, from `end(partition:)` *after* the committed offset was had.
  ///   - stuckAfter: Milliseconds without any progress after which `onStuck` is called, and again after as long.
  ///   - onStuck: Called for each partition that waits.
  ///   - isCancelled: Asked several times a second; true ends the read.
  ///   - onBatch: Takes a partition's records in their order; what it throws ends the read.
  /// - Returns: Whether all ends were reached; false where it was cancelled.
  /// - Throws: `KafkaFailure` where a partition cannot be read, with `_AUTO_OFFSET_RESET` where its start is not in the log.
  public func read(
    from starts: [Int32: Int64], to ends: [Int32: Int64], stuckAfter: Int64 = 10_000,
    onStuck: (Stuck) -> Void = { _ in }, isCancelled: () -> Bool = { false },
    onBatch: (Int32, [StateEntry]) throws -> Void
  ) throws -> Bool {
    var restore = Restore(starts: starts, ends: ends)
    guard !restore.isDone else { return true }
    try assign(restore.positions)
    defer { unassign() }
    var lastProgress = Uptime.now()
    while !restore.isDone {
      if isCancelled() { return false }
      let progress = restore.progress
      try take(200, into: &restore)
      for (partition, entries) in restore.takeEntries() { try onBatch(partition, entries) }
      let now = Uptime.now()
      if restore.progress != progress {
        lastProgress = now
      } else if now - lastProgress >= stuckAfter {
        lastProgress = now
        for (partition, position) in restore.positions.sorted(by: { $0.key < $1.key }) {
          onStuck(Stuck(partition: partition, position: position, end: ends[partition] ?? 0, topic: stateTopic))
        }
      }
    }
    return true
  }

  /// The committed record that stands exactly at an offset of the state topic, or nil.
  public func entry(partition: Int32, offset: Int64, timeout: Int64 = 10_000) throws(KafkaFailure) -> StateEntry? {
    guard offset >= 0 else { return nil }
    try assign([partition: offset])
    defer { unassign() }
    let deadline = Uptime.now() + timeout
    while Uptime.now() < deadline {
      guard let message = rd_kafka_consumer_poll(handle.client, 100) else { continue }
      defer { rd_kafka_message_destroy(message) }
      switch message.pointee.err {
      case RD_KAFKA_RESP_ERR_NO_ERROR:
        return message.pointee.offset == offset ? Self.entry(message) : nil
      case RD_KAFKA_RESP_ERR__PARTITION_EOF, RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET: return nil
      default: try check(message)
      }
    }
    throw handle.failure(
      "read", "offset \(offset) of partition \(partition) of \(stateTopic)", RD_KAFKA_RESP_ERR__TIMED_OUT,
      partition: partition)
  }

  // MARK: - Helpers

  private func assign(_ positions: [Int32: Int64]) throws(KafkaFailure) {
    learnOnce()
    let earliest = Int64(RD_KAFKA_OFFSET_BEGINNING)
    let list = PartitionList(
      stateTopic, positions.sorted { $0.key < $1.key }.map { ($0.key, $0.value == 0 ? earliest : $0.value) })
    let result = rd_kafka_assign(handle.client, list.pointer)
    guard result == RD_KAFKA_RESP_ERR_NO_ERROR else { throw handle.failure("read", "topic \(stateTopic)", result) }
  }

  private func unassign() { rd_kafka_assign(handle.client, nil) }

  /// Takes what is there, up to a bounded number; waits only for the first.
  private func take(_ waitMilliseconds: Int32, into restore: inout Restore) throws(KafkaFailure) {
    var wait = waitMilliseconds
    for _ in 0..<2_000 {
      guard !restore.isDone, let message = rd_kafka_consumer_poll(handle.client, wait) else { return }
      wait = 0
      defer { rd_kafka_message_destroy(message) }
      switch message.pointee.err {
      case RD_KAFKA_RESP_ERR_NO_ERROR: restore.take(message.pointee.partition, Self.entry(message))
      case RD_KAFKA_RESP_ERR__PARTITION_EOF: restore.reach(message.pointee.partition, message.pointee.offset)
      default: try check(message)
      }
    }
  }

  /// Throws what cannot pass; the rest librdkafka tries again by itself.
  private func check(_ message: UnsafePointer<rd_kafka_message_t>) throws(KafkaFailure) {
    let code = message.pointee.err
    let partition = message.pointee.partition < 0 ? nil : message.pointee.partition
    let detail = rd_kafka_message_errstr(message).map { String(cString: $0) }
    let failure = handle.explained(
      KafkaFailure(
        "read", partition.map { "partition \($0) of \(stateTopic)" } ?? "topic \(stateTopic)", code: code.rawValue,
        detail: detail, partition: partition))
    guard Self.passes(code) else { throw failure }
    handle.observer.note(failure)
  }

  private static func entry(_ message: UnsafePointer<rd_kafka_message_t>) -> StateEntry {
    StateEntry(
      offset: message.pointee.offset, key: KafkaMessage.bytes(message.pointee.key, message.pointee.key_len) ?? [],
      value: KafkaMessage.bytes(message.pointee.payload, message.pointee.len),
      timestamp: rd_kafka_message_timestamp(message, nil))
  }
}

/// How far each partition of one read has come.
private struct Restore {
  /// The next offset of each partition that is not at its end yet.
  private(set) var positions: [Int32: Int64]
  /// Grows with everything that is read.
  private(set) var progress = 0
  private let ends: [Int32: Int64]
  private var entries: [Int32: [StateEntry]] = [:]

  init(starts: [Int32: Int64], ends: [Int32: Int64]) {
    self.ends = ends
    positions = starts.filter { $0.value < ends[$0.key] ?? 0 }
  }

  var isDone: Bool { positions.isEmpty }

  mutating func take(_ partition: Int32, _ entry: StateEntry) {
    guard let position = positions[partition], let end = ends[partition], entry.offset >= position else { return }
    if entry.offset < end { entries[partition, default: []].append(entry) }
    reach(partition, entry.offset + 1)
  }

  /// Everything before `offset` has been read; markers count.
  mutating func reach(_ partition: Int32, _ offset: Int64) {
    guard let position = positions[partition], let end = ends[partition], offset > position else { return }
    progress += 1
    positions[partition] = offset >= end ? nil : offset
  }

  mutating func takeEntries() -> [(Int32, [StateEntry])] {
    defer { entries.removeAll(keepingCapacity: true) }
    return entries.sorted { $0.key < $1.key }
  }
}
