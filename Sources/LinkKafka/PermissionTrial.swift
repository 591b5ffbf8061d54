import CRdKafka
import Glibc

/// Finds out what Kafka lets this principal do, without an effect: each trial asks for something that Kafka refuses for another reason once it
/// has found the permission in order. Nothing is written, no group is joined, no transaction begun. One thread owns it.
///
/// Kafka's own order of checks makes that work (`KafkaApis`, the same in 3.x and 4.x): permission first, then the rest of the request.
public final class PermissionTrial {
  /// What a trial found.
  public enum Verdict: Equatable, Sendable {
    /// The permission is there.
    case allowed
    /// Kafka refused for want of it.
    case refused
    /// Kafka gave no answer from which it could be told.
    case unknown(KafkaFailure)
  }

  let properties: KafkaProperties
  let groupID: String
  let reader: KafkaHandle
  /// Whether Kafka has said that the group is not for this principal: it is said once, to whoever polls.
  private var isGroupRefused = false

  /// Trials of what the workers of a group need.
  ///
  /// - Throws: `KafkaFailure` for properties that are not taken.
  public init(properties: KafkaProperties, groupID: String) throws(KafkaFailure) {
    self.properties = properties
    self.groupID = groupID
    var reading = properties
    // An offset that waits for the group's coordinator does so for as long as a session lasts, and holds up the client's end.
    reading.values.merge([
      "session.timeout.ms": "6000", "heartbeat.interval.ms": "500",
      // Never below the session, whatever the user set.
      "max.poll.interval.ms": "300000",
    ]) { $1 }
    reader = try KafkaHandle(reading, .stateReader(groupID: groupID))
  }

  deinit { reader.destroy(closing: false) }

  /// Whether the transactional id may be had (Write): a producer asks for it with a timeout that no broker allows (24 days; the largest that a
  /// broker does allow is 15 minutes unless set otherwise), so that it is told so and gets nothing, and nobody who has the id is fenced.
  public func initialise(transactionalID: String, timeout: Int64 = 10_000) -> Verdict {
    let subject = "the transactional id \(transactionalID)"
    let handle: KafkaHandle
    do throws(KafkaFailure) {
      handle = try KafkaHandle(properties, .transactionTrial(transactionalID: transactionalID))
    } catch {
      return .unknown(error)
    }
    defer { handle.destroy() }
    let deadline = Uptime.now() + timeout
    while true {
      let wait = Int32(clamping: min(max(deadline - Uptime.now(), 1), 5_000))
      guard let error = rd_kafka_init_transactions(handle.client, wait) else { return .allowed }
      let failure = handle.explained(KafkaFailure("initialise", subject, consuming: error))
      if failure.isAny(RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT) { return .allowed }
      if failure.isAny(RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED) { return .refused }
      guard failure.isRetriable, !failure.isFatal, Uptime.now() < deadline else { return .unknown(failure) }
      usleep(50_000)
    }
  }

  /// Whether the group may be joined (Read): an offset is to be committed for a partition that the topic cannot have, so that it is kept nowhere.
  public func join(requestsTopic: String, timeout: Int64 = 10_000) -> Verdict {
    let deadline = Uptime.now() + timeout
    awaitCoordinator(requestsTopic, min(deadline, Uptime.now() + 3_000))
    if isGroupRefused { return .refused }
    let queue = rd_kafka_queue_new(reader.client)
    defer { rd_kafka_queue_destroy(queue) }
    while true {
      let list = PartitionList(requestsTopic, [(partition: Int32.max, offset: 0)])
      let sent = rd_kafka_commit_queue(reader.client, list.pointer, queue, nil, nil)
      guard sent == RD_KAFKA_RESP_ERR_NO_ERROR else { return .unknown(joinFailure(sent)) }
      var answer: OpaquePointer?
      while answer == nil {
        if isGroupRefused { return .refused }
        guard Uptime.now() < deadline else { return .unknown(joinFailure(RD_KAFKA_RESP_ERR__TIMED_OUT)) }
        answer = rd_kafka_queue_poll(queue, 50)
        poll(0) { _, _ in }
      }
      guard let event = answer else { continue }
      defer { rd_kafka_event_destroy(event) }
      let whole = rd_kafka_event_error(event)
      let part = rd_kafka_event_topic_partition_list(event).flatMap { PartitionList.elements(of: $0).first?.error }
      switch part.flatMap({ $0 == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : $0 }) ?? whole {
      case RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
        RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
        RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
        // The group's permission is looked at before the topic's, and before who is a member.
        return .allowed
      case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED: return .refused
      case let code where StateReader.passes(code) && Uptime.now() < deadline: usleep(50_000)
      case let code: return .unknown(joinFailure(code))
      }
    }
  }

  /// Waits until the group's coordinator answers or refuses: what is handed over before is kept waiting even where it is refused.
  private func awaitCoordinator(_ topic: String, _ deadline: Int64) {
    while !isGroupRefused, Uptime.now() < deadline {
      let list = PartitionList(topic, [0])
      let result = rd_kafka_committed(reader.client, list.pointer, 200)
      if result == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED { isGroupRefused = true }
      if !StateReader.passes(result) { return }
      poll(0) { _, _ in }
    }
  }

  /// Takes what the reader has to say within some milliseconds: of a partition, the topic's name and the code.
  func poll(_ wait: Int32, _ take: (_ topic: String, _ code: rd_kafka_resp_err_t) -> Void) {
    guard let message = rd_kafka_consumer_poll(reader.client, wait) else { return }
    defer { rd_kafka_message_destroy(message) }
    if message.pointee.err == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED { isGroupRefused = true }
    guard let handle = message.pointee.rkt, let name = rd_kafka_topic_name(handle) else { return }
    take(String(cString: name), message.pointee.err)
  }

  private func joinFailure(_ code: rd_kafka_resp_err_t) -> KafkaFailure {
    reader.failure("join", "group \(groupID)", code)
  }
}
