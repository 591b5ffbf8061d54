import CRdKafka

/// A client that shares nothing with the worker but librdkafka: what an operator's tool, or somebody else's program, may do to topics and groups.
public final class ForeignClient {
  let client: OpaquePointer

  /// A consumer or producer with these properties.
  init(_ kind: rd_kafka_type_t, _ properties: [String: String]) throws {
    let configuration = rd_kafka_conf_new()
    for (name, value) in properties {
      guard rd_kafka_conf_set(configuration, name, value, nil, 0) == RD_KAFKA_CONF_OK else {
        rd_kafka_conf_destroy(configuration)
        throw Missing("The property \(name)=\(value)")
      }
    }
    guard let client = rd_kafka_new(kind, configuration, nil, 0) else { throw Missing("A Kafka client") }
    self.client = client
  }

  deinit { rd_kafka_destroy(client) }

  /// Throws what a function of librdkafka's says, unless that all is well.
  func check(_ code: rd_kafka_resp_err_t, _ what: String) throws {
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
      throw Missing("\(what): \(String(cString: rd_kafka_err2str(code)))")
    }
  }

  /// Throws what a function of librdkafka's returns, unless that is nothing.
  func check(consuming error: OpaquePointer?, _ what: String) throws {
    guard let error else { return }
    defer { rd_kafka_error_destroy(error) }
    throw Missing("\(what): \(String(cString: rd_kafka_error_string(error)))")
  }
}

/// A transaction of a producer that nobody knows.
public final class ForeignTransaction {
  private let producer: ForeignClient

  /// Begins one.
  ///
  /// - Parameter timeout: Milliseconds after which Kafka ends it by itself.
  public init(bootstrap: String, id: String, timeout: Int = 600_000) throws {
    producer = try ForeignClient(
      RD_KAFKA_PRODUCER,
      ["bootstrap.servers": bootstrap, "transactional.id": id, "transaction.timeout.ms": String(timeout)])
    try producer.check(consuming: rd_kafka_init_transactions(producer.client, 30_000), "A transactional id")
    try producer.check(consuming: rd_kafka_begin_transaction(producer.client), "A transaction")
  }

  /// Writes a record and waits until Kafka has it.
  public func write(topic name: String, partition: Int32, key: String, value: String) throws {
    let topic = rd_kafka_topic_new(producer.client, name, nil)
    defer { rd_kafka_topic_destroy(topic) }
    var bytes = Array(value.utf8)
    let result = rd_kafka_produce(topic, partition, RD_KAFKA_MSG_F_COPY, &bytes, bytes.count, key, key.utf8.count, nil)
    guard result == 0 else { throw Missing("A record: \(String(cString: rd_kafka_err2str(rd_kafka_last_error())))") }
    try producer.check(rd_kafka_flush(producer.client, 30_000), "A record")
  }

  /// Commits it.
  public func commit() throws {
    try producer.check(consuming: rd_kafka_commit_transaction(producer.client, 30_000), "A commit")
  }

  /// Ends it without effect.
  public func abort() throws {
    try producer.check(consuming: rd_kafka_abort_transaction(producer.client, 30_000), "An abort")
  }
}
