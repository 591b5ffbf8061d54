import CRdKafka
import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension Chaos {
  /// The worst of these faults against a client that goes on with its producer: what the worker's rule to drop it is for.
  @Suite struct KeptProducerTests {
    @Test("Without the worker's rule a held abort loses the next transaction, whose commit says OK")
    func loses() throws {
      let (kafka, proxy) = try Stage.shared
      proxy.reset()
      let deployment = try Deployment(kafka: kafka, adapterURL: "http://127.0.0.1:1")
      let arrivals = proxy.lateArrivals.count
      let producer = try KeptProducer(proxy.bootstrap, deployment)
      try producer.begin("first")
      proxy.add(ProxyRule(.endTxn, isCommit: false, .request, .holdUntil(.addOffsetsToTxn)))
      try producer.abort()
      try producer.begin("second")
      try producer.commit(offset: 7)
      #expect(proxy.lateArrivals.dropFirst(arrivals).map(\.errorCode) == [0], "the broker took the late abort")
      #expect(try deployment.offsets().first?.committed == 7)
      #expect(try deployment.records(.outcomes).isEmpty, "the commit said OK, the offset moved, and the record is gone")
    }
  }
}

/// A transactional producer that is used again whatever became of its last transaction.
private final class KeptProducer {
  private let client: OpaquePointer
  private let topic: OpaquePointer
  private let deployment: Deployment

  init(_ bootstrap: String, _ deployment: Deployment) throws {
    self.deployment = deployment
    let configuration = rd_kafka_conf_new()
    rd_kafka_conf_set(configuration, "bootstrap.servers", bootstrap, nil, 0)
    rd_kafka_conf_set(configuration, "transactional.id", deployment.group + ".kept", nil, 0)
    rd_kafka_conf_set(configuration, "log_level", "0", nil, 0)
    guard let client = rd_kafka_new(RD_KAFKA_PRODUCER, configuration, nil, 0),
      let topic = rd_kafka_topic_new(client, deployment.topic(.outcomes), nil)
    else { throw Missing("A producer") }
    self.client = client
    self.topic = topic
    try check(rd_kafka_init_transactions(client, 20_000))
  }

  deinit {
    rd_kafka_topic_destroy(topic)
    rd_kafka_destroy(client)
  }

  /// Begins a transaction with one record, which the broker has when this returns.
  func begin(_ value: String) throws {
    try check(rd_kafka_begin_transaction(client))
    var bytes = Array(value.utf8)
    guard rd_kafka_produce(topic, 0, RD_KAFKA_MSG_F_COPY, &bytes, bytes.count, nil, 0, nil) == 0,
      rd_kafka_flush(client, 20_000) == RD_KAFKA_RESP_ERR_NO_ERROR
    else { throw Missing("A record") }
  }

  func abort() throws { try check(rd_kafka_abort_transaction(client, 20_000)) }

  /// Commits with an offset of the requests topic's first partition.
  func commit(offset: Int64) throws {
    let offsets = rd_kafka_topic_partition_list_new(1)
    defer { rd_kafka_topic_partition_list_destroy(offsets) }
    rd_kafka_topic_partition_list_add(offsets, deployment.topic(.requests), 0).pointee.offset = offset
    // Of no member: what a group without members takes.
    let group = rd_kafka_consumer_group_metadata_new(deployment.group)
    defer { rd_kafka_consumer_group_metadata_destroy(group) }
    try check(rd_kafka_send_offsets_to_transaction(client, offsets, group, 20_000))
    try check(rd_kafka_commit_transaction(client, 20_000))
  }

  private func check(_ error: OpaquePointer?) throws {
    guard let error else { return }
    defer { rd_kafka_error_destroy(error) }
    throw Missing("Success: \(String(cString: rd_kafka_error_string(error)))")
  }
}
