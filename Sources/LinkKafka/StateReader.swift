import CRdKafka
import Glibc
import LinkCore

/// One record of the state topic as it stands there.
public struct StateEntry: Sendable, Equatable {
  /// Its offset.
  public var offset: Int64
  /// Its key.
  public var key: [UInt8]
  /// Its value; nil for a tombstone.
  public var value: [UInt8]?
  /// Kafka's timestamp, in milliseconds since the Unix epoch.
  public var timestamp: Int64

  /// An entry.
  public init(offset: Int64, key: [UInt8], value: [UInt8]?, timestamp: Int64) {
    self.offset = offset
    self.key = key
    self.value = value
    self.timestamp = timestamp
  }
}

/// Reads what a lane needs before its first record: the group's committed offset, the state topic's true end, and the state up to it.
///
/// It has clients of its own and joins no group. One thread owns it.
public final class StateReader {
  let stateTopic: String
  let handle: KafkaHandle
  private let requestsTopic: String
  private let groupID: String
  let ends: KafkaHandle
  private var hasLearned = false

  /// A reader for the lanes of a group.
  ///
  /// - Throws: `KafkaFailure` for properties that are not taken.
  public init(properties: KafkaProperties, groupID: String, requestsTopic: String, stateTopic: String)
    throws(KafkaFailure)
  {
    self.groupID = groupID
    self.requestsTopic = requestsTopic
    self.stateTopic = stateTopic
    handle = try KafkaHandle(properties, .stateReader(groupID: groupID))
    ends = try KafkaHandle(properties, .endReader)
  }

  deinit { close() }

  /// Ends its clients.
  public func close() {
    handle.destroy(closing: false)
    ends.destroy(closing: false)
  }

  /// The group's committed offsets on the requests topic alone; see `committed`.
  public func committedOffsets(
    partitions: [Int32], timeout: Int64, onWait: (KafkaFailure) -> Void = { _ in }, isCancelled: () -> Bool = { false }
  ) throws(KafkaFailure) -> [Int32: Int64] {
    try committed(partitions: partitions, timeout: timeout, onWait: onWait, isCancelled: isCancelled)
      .mapValues(\.offset)
  }

  /// What the group has committed on the requests topic; a partition for which nothing was ever committed is absent.
  ///
  /// While somebody's transaction with offsets of these partitions is open they are *unstable*, and this waits.
  ///
  /// - Parameters:
  ///   - timeout: How long to wait in all, in milliseconds.
  ///   - onWait: Called about every two seconds of waiting, with what there is to tell.
  ///   - isCancelled: Asked then; true ends the wait with `_TIMED_OUT`.
  public func committed(
    partitions: [Int32], timeout: Int64, onWait: (KafkaFailure) -> Void = { _ in }, isCancelled: () -> Bool = { false }
  ) throws(KafkaFailure) -> [Int32: CommittedOffset] {
    let deadline = Uptime.now() + timeout
    let subject = "of group \(groupID) on topic \(requestsTopic)"
    while true {
      let list = PartitionList(requestsTopic, partitions)
      let wait = Int32(clamping: min(max(deadline - Uptime.now(), 1), 2_000))
      let result = rd_kafka_committed(handle.client, list.pointer, wait)
      let refused = list.elements.first { $0.error != RD_KAFKA_RESP_ERR_NO_ERROR }
      let code = result == RD_KAFKA_RESP_ERR_NO_ERROR ? refused?.error ?? result : result
      if code == RD_KAFKA_RESP_ERR_NO_ERROR {
        let known = list.elements.filter { $0.offset >= 0 }
        return Dictionary(
          known.map { ($0.partition, CommittedOffset($0.offset, under: $0.identity)) }, uniquingKeysWith: { $1 })
      }
      var failure = handle.failure("read the committed offsets", subject, code, partition: refused?.partition)
      if failure.code == RD_KAFKA_RESP_ERR__TIMED_OUT.rawValue {
        failure.hint = "an open transaction holds them back: it ends with its worker, or after transaction.timeout.ms"
      }
      if let refusal = groupRefusal(subject) { throw refusal }
      guard Self.passes(code), Uptime.now() < deadline, !isCancelled() else { throw failure }
      onWait(failure)
    }
  }

  /// The true end of a partition of the state topic, behind open transactions and markers.
  public func end(partition: Int32, timeout: Int64 = 10_000) throws(KafkaFailure) -> Int64 {
    try queryWatermarks(stateTopic, partition, timeout).high
  }

  /// Low watermark and true end of a partition of the requests topic, or of `topic`.
  public func watermarks(
    of topic: String? = nil, partition: Int32, timeout: Int64 = 10_000
  ) throws(KafkaFailure) -> (low: Int64, high: Int64) {
    try queryWatermarks(topic ?? requestsTopic, partition, timeout)
  }

  /// The last stable offset of a partition of `topic`: every transaction with records before it has ended.
  public func stableEnd(of topic: String, partition: Int32, timeout: Int64 = 10_000) throws(KafkaFailure) -> Int64 {
    // A client that reads committed records is told this one.
    try queryWatermarks(topic, partition, timeout, by: handle).high
  }

  /// The cluster's id, by which a store knows whose view it holds.
  public func clusterID(timeout: Int64 = 10_000) throws(KafkaFailure) -> String {
    learnOnce()
    guard let text = rd_kafka_clusterid(handle.client, Int32(clamping: timeout)) else {
      throw handle.failure("read", "the cluster's id", RD_KAFKA_RESP_ERR__TIMED_OUT)
    }
    defer { rd_kafka_mem_free(handle.client, text) }
    return String(cString: text)
  }

  /// Spares the first fetch, and the question for the cluster's id, a second each.
  func learnOnce() {
    if !hasLearned { handle.learn(topic: stateTopic) }
    hasLearned = true
  }

  // MARK: - Helpers

  /// Where the group may not be seen, the question for its offsets only times out: the refusal comes to whoever polls. Nothing is assigned meanwhile,
  /// so that no record can come.
  private func groupRefusal(_ subject: String) -> KafkaFailure? {
    guard let message = rd_kafka_consumer_poll(handle.client, 0) else { return nil }
    defer { rd_kafka_message_destroy(message) }
    guard message.pointee.err == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED else { return nil }
    return handle.failure("read the committed offsets", subject, message.pointee.err)
  }

  private func queryWatermarks(
    _ topic: String, _ partition: Int32, _ timeout: Int64, by client: KafkaHandle? = nil
  ) throws(KafkaFailure) -> (low: Int64, high: Int64) {
    let asked = client ?? ends
    let deadline = Uptime.now() + timeout
    while true {
      // librdkafka would ask the leader that it remembers, for up to 15 minutes, though that one says that it is none; and where that one is
      // dead, it would wait beyond every timeout. Of a topic of which nothing is fetched it looks for a new leader only when told to.
      let known = asked.learn(topic: topic)
      var low: Int64 = 0
      var high: Int64 = 0
      let wait = Int32(clamping: min(max(deadline - Uptime.now(), 1), 2_000))
      let result =
        known == RD_KAFKA_RESP_ERR_NO_ERROR
        ? rd_kafka_query_watermark_offsets(asked.client, topic, partition, &low, &high, wait) : known
      if result == RD_KAFKA_RESP_ERR_NO_ERROR { return (low, high) }
      let failure = asked.failure("read the end", "of partition \(partition) of \(topic)", result, partition: partition)
      guard Self.passes(result), Uptime.now() < deadline else { throw failure }
      usleep(20_000)
    }
  }

  /// Whether asking again can help.
  static func passes(_ code: rd_kafka_resp_err_t) -> Bool {
    [
      RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, RD_KAFKA_RESP_ERR__TRANSPORT,
      RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, RD_KAFKA_RESP_ERR__WAIT_COORD, RD_KAFKA_RESP_ERR__RESOLVE,
      RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
      RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
      RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
      RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
      RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION, RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH,
      RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH, RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE,
    ].contains(code)
  }
}
