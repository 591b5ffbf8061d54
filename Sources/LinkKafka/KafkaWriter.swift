import CRdKafka
import Glibc
public import LinkCore

/// Writes records outside any transaction, for commands: requests, replay requests. One thread owns it.
public final class KafkaWriter {
  private let reports = DeliveryReports()
  private let handle: KafkaHandle
  private let topics: [TopicRole: String]

  /// A writer to the topics of these names.
  ///
  /// - Throws: `KafkaFailure` for properties that are not taken.
  public init(properties: KafkaProperties, topics: [TopicRole: String]) throws(KafkaFailure) {
    self.topics = topics
    handle = try KafkaHandle(properties, .writer, owner: reports) { configuration in
      rd_kafka_conf_set_dr_msg_cb(configuration) { _, message, opaque in
        guard let message, let opaque else { return }
        Unmanaged<ClientObserver>.fromOpaque(opaque).takeUnretainedValue().owner(as: DeliveryReports.self)?.delivered(
          message)
      }
    }
  }

  deinit { handle.destroy() }

  /// Writes the records in their order and waits until Kafka has all of them.
  ///
  /// - Parameter timeout: In milliseconds, for all of them.
  /// - Throws: `KafkaFailure` for the first that was not written; others may have been.
  public func write(_ records: [OutgoingRecord], timeout: Int64 = 30_000) throws(KafkaFailure) {
    let deadline = Uptime.now() + timeout
    reports.reset(firstStateIndex: .max)
    for (index, record) in records.enumerated() {
      let name = topics[record.topic] ?? record.topic.rawValue
      guard let topic = rd_kafka_topic_new(handle.client, name, nil) else {
        throw handle.failure("use", "topic \(name)", rd_kafka_last_error())
      }
      defer { rd_kafka_topic_destroy(topic) }
      var result = KafkaMessage.produce(record, on: handle.client, topic, index: index)
      while result == RD_KAFKA_RESP_ERR__QUEUE_FULL, Uptime.now() < deadline {
        rd_kafka_poll(handle.client, 50)
        result = KafkaMessage.produce(record, on: handle.client, topic, index: index)
      }
      guard result == RD_KAFKA_RESP_ERR_NO_ERROR else { throw handle.failure("write", "to topic \(name)", result) }
    }
    rd_kafka_flush(handle.client, Int32(clamping: max(deadline - Uptime.now(), 0)))
    if let first = reports.failures.first {
      let role = records[first.index].topic
      throw handle.failure("write", "to topic \(topics[role] ?? role.rawValue)", first.code)
    }
    guard reports.deliveredCount == records.count else {
      rd_kafka_purge(handle.client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
      throw handle.failure("write", "\(records.count) records", RD_KAFKA_RESP_ERR__TIMED_OUT)
    }
  }
}
