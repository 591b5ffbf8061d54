import CRdKafka
public import LinkCore

/// Follows a topic from what is its end now: committed records only, without a group. One thread owns it.
public final class KafkaTail {
  private let handle: KafkaHandle
  private let topic: String

  /// Takes the positions and begins to read: what is committed from here on will be seen.
  ///
  /// - Parameters:
  ///   - partitionCount: How many partitions the topic has.
  ///   - timeout: In milliseconds, for each partition.
  public init(
    properties: KafkaProperties, topic: String, partitionCount: Int32, timeout: Int64 = 10_000
  ) throws(KafkaFailure) {
    let handle = try KafkaHandle(properties, .browser)
    self.handle = handle
    self.topic = topic
    handle.learn(topic: topic)
    var ends: [(partition: Int32, offset: Int64)] = []
    for partition in 0..<partitionCount {
      var low: Int64 = 0
      var high: Int64 = 0
      // On a client that reads committed records this is the end of those.
      let result = rd_kafka_query_watermark_offsets(
        handle.client, topic, partition, &low, &high, Int32(clamping: timeout))
      guard result == RD_KAFKA_RESP_ERR_NO_ERROR else {
        throw handle.failure("read the end of", "topic \(topic)", result, partition: partition)
      }
      ends.append((partition, high))
    }
    let list = PartitionList(topic, ends)
    let result = rd_kafka_assign(handle.client, list.pointer)
    guard result == RD_KAFKA_RESP_ERR_NO_ERROR else { throw handle.failure("follow", "topic \(topic)", result) }
  }

  deinit {
    rd_kafka_assign(handle.client, nil)
    handle.destroy()
  }

  /// The next record; nil where none has come within `milliseconds`.
  ///
  /// - Throws: `KafkaFailure` for what does not pass by itself.
  public func next(_ milliseconds: Int32) throws(KafkaFailure) -> SourceRecord? {
    guard let message = rd_kafka_consumer_poll(handle.client, milliseconds) else { return nil }
    defer { rd_kafka_message_destroy(message) }
    switch message.pointee.err {
    case RD_KAFKA_RESP_ERR_NO_ERROR: return KafkaMessage.record(message)
    case RD_KAFKA_RESP_ERR__PARTITION_EOF: return nil
    // A group's name has to be given, and nothing is ever asked of the group: whoever may not, need not.
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED: return nil
    case let code where StateReader.passes(code): return nil
    case let code: throw handle.failure("follow", "topic \(topic)", code, partition: message.pointee.partition)
    }
  }
}
