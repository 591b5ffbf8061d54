public import LinkCore
import LinkKafka
import LinkSandbox

extension Deployment {
  /// All committed records of a topic, of each partition in their order, as a `read_committed` client reads them up to the end that stands now.
  ///
  /// The end of a transaction is acknowledged before its markers stand in every partition, so what is open there is waited for; what is
  /// still open after ten seconds without a record is meant to be.
  public func records(_ role: TopicRole) throws -> [SourceRecord] {
    var found: [SourceRecord] = []
    do {
      try KafkaBrowser(properties: properties).read(topic: topic(role), to: try ends(role), stuckAfter: 10_000) {
        found.append($0)
      }
    } catch let failure as KafkaFailure where failure.name == "_TIMED_OUT" {}
    return found.sorted { ($0.partition, $0.offset) < ($1.partition, $1.offset) }
  }

  /// The true end of each partition of a topic that has records.
  private func ends(_ role: TopicRole) throws -> [Int32: Int64] {
    let reader = try StateReader(
      properties: properties, groupID: group, requestsTopic: topic(.requests), stateTopic: topic(.state))
    defer { reader.close() }
    var ends: [Int32: Int64] = [:]
    for partition in 0..<partitions {
      let (low, high) = try reader.watermarks(of: topic(role), partition: partition)
      if high > low { ends[partition] = high }
    }
    return ends
  }

  /// The committed events of the outcomes topic.
  public func outcomes() throws -> [OutcomeEvent] { try records(.outcomes).map { try OutcomeEvent($0) } }

  /// Reads the outcomes as they come until there are `count` (further ones may stand behind them), and returns all that were read.
  @discardableResult
  public func awaitOutcomes(
    _ count: Int, within seconds: Double = 180, worker: WorkerProcess? = nil
  ) throws -> [OutcomeEvent] {
    let browser = try KafkaBrowser(properties: properties)
    var positions = Dictionary(uniqueKeysWithValues: (0..<partitions).map { ($0, Int64(0)) })
    var found: [OutcomeEvent] = []
    try awaiting(
      "\(count) outcomes", within: seconds,
      state: { "There are \(found.count). " + (worker?.program.tail ?? "") }
    ) {
      try browser.read(topic: topic(.outcomes), from: positions) { record in
        positions[record.partition] = record.offset + 1
        found.append(try OutcomeEvent(record))
        return true
      }
      if found.count < count, let worker, !worker.program.isRunning {
        throw Missing("\(count) outcomes: the worker has ended. \(worker.program.tail)")
      }
      return found.count >= count
    }
    return found
  }

  /// The last record of every key of the state topic, as compaction leaves them.
  public func liveState() throws -> [StateKey: StateRecord] {
    var live: [StateKey: StateRecord] = [:]
    for record in try records(.state) {
      let decoded = try StateRecord.decode(key: record.key ?? [], value: record.value)
      if case .tombstone(let key) = decoded { live[key] = nil } else { live[decoded.key] = decoded }
    }
    return live
  }

  /// The group's committed offset and the end of each partition of the requests topic.
  public func offsets() throws -> [(partition: Int32, committed: Int64?, end: Int64)] {
    let reader = try StateReader(
      properties: properties, groupID: group, requestsTopic: topic(.requests), stateTopic: topic(.state))
    defer { reader.close() }
    let committed = try reader.committedOffsets(partitions: Array(0..<partitions), timeout: 30_000)
    return try (0..<partitions).map { ($0, committed[$0], try reader.watermarks(partition: $0).high) }
  }

  /// Waits until the group has committed the end of every partition.
  public func awaitNoLag(within seconds: Double = 180, worker: WorkerProcess? = nil) throws {
    var last = ""
    try awaiting("A lag of 0", within: seconds, state: { last + (worker?.program.tail ?? "") }) {
      let offsets = try offsets()
      last = "\(offsets) "
      return offsets.allSatisfy { $0.committed == $0.end }
    }
  }

  /// Writes requests, to where Java's default partitioner puts them or to the partition that they name.
  public func write(_ records: [OutgoingRecord]) throws {
    let names = Dictionary(uniqueKeysWithValues: TopicRole.allCases.map { ($0, topic($0)) })
    try KafkaWriter(properties: properties, topics: names).write(records)
  }
}
