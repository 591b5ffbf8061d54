import CRdKafka
import Glibc

/// Reads the outcomes as a client area does: `read_committed`, as soon as Kafka gives them.
struct OutcomeReader {
  private let client: KafkaClient

  init(topic: String, partitions: Int, bootstrap: String) throws {
    client = try KafkaClient(
      RD_KAFKA_CONSUMER,
      [
        "bootstrap.servers": bootstrap, "group.id": "linkbench-reader", "isolation.level": "read_committed",
        "enable.auto.commit": "false", "auto.offset.reset": "earliest", "socket.nagle.disable": "true",
        "queued.max.messages.kbytes": "16384",
      ])
    rd_kafka_poll_set_consumer(client.handle)
    let list = rd_kafka_topic_partition_list_new(Int32(partitions))
    defer { rd_kafka_topic_partition_list_destroy(list) }
    for partition in 0..<Int32(partitions) {
      rd_kafka_topic_partition_list_add(list, topic, partition).pointee.offset = Int64(RD_KAFKA_OFFSET_BEGINNING)
    }
    let result = rd_kafka_assign(client.handle, list)
    guard result == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaClient.failure("read outcomes", result) }
  }

  /// The next outcome's user, or nil where none came within so many milliseconds. Throws where it is none of success: then something is wrong
  /// with what is measured.
  func next(timeout: Int32) throws -> Int64? {
    guard let message = rd_kafka_consumer_poll(client.handle, timeout) else { return nil }
    defer { rd_kafka_message_destroy(message) }
    switch message.pointee.err {
    case RD_KAFKA_RESP_ERR_NO_ERROR: break
    case RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN: return nil
    case let code: throw KafkaClient.failure("read outcomes", code)
    }
    let value = UnsafeRawBufferPointer(start: message.pointee.payload, count: message.pointee.len)
    let key = UnsafeRawBufferPointer(start: message.pointee.key, count: message.pointee.key_len)
    guard let user = Int64(String(decoding: key, as: UTF8.self)), Self.isSuccess(value) else {
      throw BenchFailure(
        "measure", "an outcome", "it is not a token-ready: \(String(decoding: value.prefix(400), as: UTF8.self))",
        hint: "linkbench --links 1, and the worker's log")
    }
    return user
  }

  /// The type stands among the first attributes.
  private static func isSuccess(_ value: UnsafeRawBufferPointer) -> Bool {
    guard let start = value.baseAddress else { return false }
    let places = 0..<max(0, min(512, value.count - type.count))
    return places.contains { memcmp(start + $0, type, type.count) == 0 }
  }

  private static let type = Array(#""type":"link-account.token-ready.v1""#.utf8)
}
