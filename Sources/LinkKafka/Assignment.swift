import CRdKafka

/// Which partitions a consumer has, and which of them may deliver. Belongs to the polling thread.
final class Assignment {
  var onAssign: ([Int32]) -> Void = { _ in }
  var onRevoke: (_ partitions: [Int32], _ lost: Bool) -> Void = { _, _ in }
  private let topic: String
  private var lanes: [Int32: Lane] = [:]
  private var failures: [KafkaFailure] = []

  private struct Lane {
    /// Assigned and paused; nothing of it is to be seen.
    var isWaiting = true
    /// Held back by the engine.
    var isHeld = false
    /// The next offset to deliver.
    var position: Int64 = 0
  }

  init(topic: String) { self.topic = topic }

  /// librdkafka's rebalance callback, within a poll or a close.
  func rebalanced(
    _ client: OpaquePointer, _ event: rd_kafka_resp_err_t,
    _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>
  ) {
    let partitions = PartitionList.elements(of: list).map(\.partition).sorted()
    switch event {
    case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS: assign(client, partitions)
    case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
      onRevoke(partitions, rd_kafka_assignment_lost(client) != 0)
      lanes = [:]
      check(rd_kafka_assign(client, nil), "give up")
    default:
      failures.append(KafkaFailure("join", "the group of topic \(topic)", code: event.rawValue))
      onRevoke(lanes.keys.sorted(), true)
      lanes = [:]
      check(rd_kafka_assign(client, nil), "give up")
    }
  }

  /// Paused before and after they are assigned (before: while librdkafka knows them; after: in any case), at an explicit offset: a logical one
  /// is looked up, and that answer, coming late, would undo the seek of `start`.
  private func assign(_ client: OpaquePointer, _ partitions: [Int32]) {
    let paused = PartitionList(topic, partitions)
    if !partitions.isEmpty { rd_kafka_pause_partitions(client, paused.pointer) }
    let list = PartitionList(topic, partitions.map { ($0, 0) })
    check(rd_kafka_assign(client, list.pointer), "take")
    if !partitions.isEmpty { check(rd_kafka_pause_partitions(client, paused.pointer), "pause") }
    lanes = Dictionary(uniqueKeysWithValues: partitions.map { ($0, Lane()) })
    onAssign(partitions)
  }

  private func check(_ result: rd_kafka_resp_err_t, _ verb: String) {
    guard result != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
    failures.append(KafkaFailure(verb, "the partitions of topic \(topic)", code: result.rawValue))
  }

  /// A failure within the callback, for the next poll to return.
  func takeFailure() -> KafkaFailure? { failures.isEmpty ? nil : failures.removeFirst() }

  func isAssigned(_ partition: Int32) -> Bool { lanes[partition] != nil }

  func start(_ partition: Int32, at offset: Int64) { lanes[partition] = Lane(isWaiting: false, position: offset) }

  /// Marks a lane that runs as held back; whether it ran.
  func hold(_ partition: Int32) -> Bool {
    guard let lane = lanes[partition], !lane.isWaiting, !lane.isHeld else { return false }
    lanes[partition]?.isHeld = true
    return true
  }

  /// The next offset of a lane that is held back.
  func heldPosition(_ partition: Int32) -> Int64? {
    lanes[partition].flatMap { $0.isHeld ? $0.position : nil }
  }

  /// Whether what stands at this offset is to be seen, and if so, counts it as seen: nothing of a lane that was not started, nothing twice.
  func delivers(_ partition: Int32, _ offset: Int64, isRecord: Bool) -> Bool {
    guard let lane = lanes[partition], !lane.isWaiting, offset >= lane.position else { return false }
    if isRecord { lanes[partition]?.position = offset + 1 }
    return true
  }
}
