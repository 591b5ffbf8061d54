import CRdKafka
public import LinkCore

extension KafkaBrowser {
  /// Reads whole topics, from their earliest records on and as new ones come, until `isDone`; then what is left up to the ends that stand at
  /// that moment.
  ///
  /// - Parameters:
  ///   - topics: How many partitions each topic has.
  ///   - isDone: Asked several times a second.
  ///   - onRecord: Takes a topic's name and a record, those of one partition in their order; what it throws ends the reading.
  public func follow(
    _ topics: [String: Int32], idleLimit: Int64 = 15_000, isDone: () -> Bool,
    onRecord: (_ topic: String, SourceRecord) throws -> Void
  ) throws {
    var positions: [String: [Int32: Int64]] = topics.mapValues { count in
      Dictionary(uniqueKeysWithValues: (0..<count).map { ($0, 0) })
    }
    try poll(positions, isDone: isDone) { topic, record in
      positions[topic]?[record.partition] = record.offset + 1
      try onRecord(topic, record)
    }
    for (topic, rest) in positions.sorted(by: { $0.key < $1.key }) {
      try read(topic: topic, from: rest, idleLimit: idleLimit) { record in
        try onRecord(topic, record)
        return true
      }
    }
  }

  private func poll(
    _ positions: [String: [Int32: Int64]], isDone: () -> Bool, onRecord: (String, SourceRecord) throws -> Void
  ) throws {
    let subject = "topics " + positions.keys.sorted().joined(separator: ", ")
    let count = positions.values.reduce(0) { $0 + $1.count }
    guard let list = rd_kafka_topic_partition_list_new(Int32(count)) else {
      throw handle.failure("follow", subject, RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE)
    }
    defer { rd_kafka_topic_partition_list_destroy(list) }
    for (topic, partitions) in positions {
      for partition in partitions.keys {
        rd_kafka_topic_partition_list_add(list, topic, partition).pointee.offset = Int64(RD_KAFKA_OFFSET_BEGINNING)
      }
    }
    let result = rd_kafka_assign(handle.client, list)
    guard result == RD_KAFKA_RESP_ERR_NO_ERROR else { throw handle.failure("follow", subject, result) }
    defer { rd_kafka_assign(handle.client, nil) }
    while !isDone() {
      guard let message = rd_kafka_consumer_poll(handle.client, 100) else { continue }
      defer { rd_kafka_message_destroy(message) }
      switch message.pointee.err {
      case RD_KAFKA_RESP_ERR_NO_ERROR:
        try onRecord(String(cString: rd_kafka_topic_name(message.pointee.rkt)), KafkaMessage.record(message))
      case RD_KAFKA_RESP_ERR__PARTITION_EOF: continue
      case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED: continue
      case let code where StateReader.passes(code): continue
      case let code: throw handle.failure("follow", subject, code, partition: message.pointee.partition)
      }
    }
  }
}
