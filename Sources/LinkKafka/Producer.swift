import CRdKafka
import Glibc
import LinkCore

/// One transactional producer from its initialisation to its end; what it did is told by `transmissions` and `reports`.
final class Producer {
  let handle: KafkaHandle
  let transmissions = Transmissions()
  let reports = DeliveryReports()
  private let topicNames: [TopicRole: String]
  private var topics: [TopicRole: OpaquePointer] = [:]

  /// Makes a client and has Kafka give it the transactional id: whoever had it before is fenced, and what it left open is ended.
  init(
    _ properties: KafkaProperties, transactionalID: String, topics names: [TopicRole: String], transactionTimeout: Int,
    deadline: Int64
  ) throws(KafkaFailure) {
    let transmissions = transmissions
    handle = try KafkaHandle(
      properties, .producer(transactionalID: transactionalID, transactionTimeout: transactionTimeout), owner: reports
    ) { configuration in
      transmissions.attach(to: configuration)
      rd_kafka_conf_set_dr_msg_cb(configuration) { _, message, opaque in
        guard let message, let opaque else { return }
        Unmanaged<ClientObserver>.fromOpaque(opaque).takeUnretainedValue().owner(as: DeliveryReports.self)?.delivered(
          message)
      }
    }
    topicNames = names
    do throws(KafkaFailure) {
      for (role, name) in names {
        guard let topic = rd_kafka_topic_new(handle.client, name, nil) else {
          throw handle.failure("use", "topic \(name)", rd_kafka_last_error())
        }
        topics[role] = topic
      }
      try fetchMetadata(deadline)
      try initialise(transactionalID, deadline)
    } catch {
      discard()
      throw error
    }
  }

  deinit { discard() }

  /// Ends the client: what it has not sent by now it never will.
  func discard() {
    for topic in topics.values { rd_kafka_topic_destroy(topic) }
    topics = [:]
    handle.destroy()
  }

  /// Hands one record to librdkafka, which tells what became of it by `index`.
  func produce(_ record: OutgoingRecord, index: Int) -> rd_kafka_resp_err_t {
    guard let topic = topics[record.topic] else { return RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC }
    return KafkaMessage.produce(record, on: handle.client, topic, index: index)
  }

  /// The name of a topic.
  func name(of role: TopicRole) -> String { topicNames[role] ?? role.rawValue }

  // MARK: - Helpers

  /// Without it the first transaction waits a second for librdkafka's own. A topic that is not there is told here, rather than by a
  /// timeout later; one just made may take a moment.
  private func fetchMetadata(_ deadline: Int64) throws(KafkaFailure) {
    let patience = min(deadline, Uptime.now() + 3_000)
    while true {
      var metadata: UnsafePointer<rd_kafka_metadata>?
      let wait = Int32(clamping: min(max(deadline - Uptime.now(), 1), 5_000))
      let result = rd_kafka_metadata(handle.client, 0, nil, &metadata, wait)
      defer { if let metadata { rd_kafka_metadata_destroy(metadata) } }
      let refused = metadata.flatMap { Self.firstRefused($0) }
      if result == RD_KAFKA_RESP_ERR_NO_ERROR, refused == nil { return }
      let failure =
        refused.map { handle.failure("publish to", "topic \($0.topic)", $0.code) }
        ?? handle.failure("reach", "Kafka", result)
      guard Uptime.now() < (refused == nil ? deadline : patience) else { throw failure }
      usleep(50_000)
    }
  }

  /// A topic that may not be written to any more is no obstacle: who writes to it is refused for itself, and the others go on.
  private static func firstRefused(_ metadata: UnsafePointer<rd_kafka_metadata>) -> (
    topic: String, code: rd_kafka_resp_err_t
  )? {
    UnsafeBufferPointer(start: metadata.pointee.topics, count: Int(metadata.pointee.topic_cnt)).first {
      ![
        RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
      ].contains($0.err)
    }.map { ($0.topic.map { String(cString: $0) } ?? "", $0.err) }
  }

  private func initialise(_ transactionalID: String, _ deadline: Int64) throws(KafkaFailure) {
    while true {
      let wait = Int32(clamping: min(max(deadline - Uptime.now(), 1), 5_000))
      guard let error = rd_kafka_init_transactions(handle.client, wait) else { return }
      let failure = handle.explained(
        KafkaFailure("initialise", "the transactional id \(transactionalID)", consuming: error))
      guard failure.isRetriable, !failure.isFatal, Uptime.now() < deadline else { throw failure }
      usleep(50_000)
    }
  }
}
