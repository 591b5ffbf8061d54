import CRdKafka

/// Owns one librdkafka client of the benchmark's own, without anything of the worker's around it.
///
/// Unchecked, because it owns a C handle: librdkafka's functions may be called from any thread; it is destroyed with its last reference.
final class KafkaClient: @unchecked Sendable {
  let handle: OpaquePointer

  /// A client with these properties of librdkafka.
  init(_ kind: rd_kafka_type_t, _ properties: [String: String]) throws {
    let configuration = rd_kafka_conf_new()
    var message = [CChar](repeating: 0, count: 512)
    for (name, value) in properties
    where rd_kafka_conf_set(configuration, name, value, &message, message.count) != RD_KAFKA_CONF_OK {
      rd_kafka_conf_destroy(configuration)
      throw Self.failure("set \(name)", Self.text(message))
    }
    guard let handle = rd_kafka_new(kind, configuration, &message, message.count) else {
      rd_kafka_conf_destroy(configuration)
      throw Self.failure("make a client", Self.text(message))
    }
    self.handle = handle
  }

  deinit { rd_kafka_destroy(handle) }

  static func failure(_ operation: String, _ problem: String) -> BenchFailure {
    BenchFailure(operation, "Kafka", problem, hint: "see the broker's log", exitCode: 69)
  }

  static func failure(_ operation: String, _ code: rd_kafka_resp_err_t) -> BenchFailure {
    failure(operation, String(cString: rd_kafka_err2str(code)))
  }

  private static func text(_ message: [CChar]) -> String {
    String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// Writes records to one topic, from any one thread at a time.
final class TopicWriter: Sendable {
  private let client: KafkaClient
  private let topic: UInt

  init(_ topic: String, bootstrap: String, _ properties: [String: String]) throws {
    var all = [
      "bootstrap.servers": bootstrap, "log_level": "3", "enable.idempotence": "true", "socket.nagle.disable": "true",
    ]
    all.merge(properties) { $1 }
    client = try KafkaClient(RD_KAFKA_PRODUCER, all)
    guard let made = rd_kafka_topic_new(client.handle, topic, nil) else {
      throw KafkaClient.failure("use topic \(topic)", rd_kafka_last_error())
    }
    self.topic = UInt(bitPattern: made)
  }

  deinit { if let topic = OpaquePointer(bitPattern: topic) { rd_kafka_topic_destroy(topic) } }

  /// Hands a record to librdkafka; waits where its queue is full.
  func write(key: [UInt8], value: [UInt8], headers: [(name: String, value: String)] = []) throws {
    while true {
      var list: OpaquePointer?
      if !headers.isEmpty {
        list = rd_kafka_headers_new(headers.count)
        for header in headers { rd_kafka_header_add(list, header.name, -1, header.value, header.value.utf8.count) }
      }
      let result = key.withUnsafeBytes { key in
        value.withUnsafeBytes { value in
          link_produce(
            client.handle, OpaquePointer(bitPattern: topic), RD_KAFKA_PARTITION_UA, key.baseAddress, key.count,
            value.baseAddress, value.count, 0, list, nil)
        }
      }
      if result == RD_KAFKA_RESP_ERR_NO_ERROR { break }
      if let list { rd_kafka_headers_destroy(list) }
      guard result == RD_KAFKA_RESP_ERR__QUEUE_FULL else { throw KafkaClient.failure("write", result) }
      rd_kafka_poll(client.handle, 10)
    }
    rd_kafka_poll(client.handle, 0)
  }

  /// Waits until Kafka has everything.
  func flush() throws {
    let result = rd_kafka_flush(client.handle, 60_000)
    guard result == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaClient.failure("write everything", result) }
  }
}
