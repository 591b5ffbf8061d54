import CRdKafka
public import LinkCore

/// Looks through topics for commands: committed records only, without a group and without committing anything. One thread owns it.
public final class KafkaBrowser {
  let handle: KafkaHandle

  /// A browser.
  ///
  /// - Throws: `KafkaFailure` for properties that are not taken.
  public init(properties: KafkaProperties) throws(KafkaFailure) {
    handle = try KafkaHandle(properties, .browser)
  }

  deinit { handle.destroy(closing: false) }

  /// Reads partitions of a topic from an offset (0: the earliest) to what is their end of committed records when it is reached.
  ///
  /// - Parameters:
  ///   - idleLimit: Milliseconds without anything from Kafka after which it gives up with `_TIMED_OUT`.
  ///   - onRecord: Takes the records, of one partition in their order; false ends the reading.
  public func read(
    topic: String, from positions: [Int32: Int64], idleLimit: Int64 = 15_000,
    onRecord: (SourceRecord) throws -> Bool
  ) throws {
    handle.learn(topic: topic)
    var open = Set(positions.keys)
    let earliest = Int64(RD_KAFKA_OFFSET_BEGINNING)
    let list = PartitionList(
      topic, positions.sorted { $0.key < $1.key }.map { ($0.key, $0.value == 0 ? earliest : $0.value) })
    let result = rd_kafka_assign(handle.client, list.pointer)
    guard result == RD_KAFKA_RESP_ERR_NO_ERROR else { throw handle.failure("read", "topic \(topic)", result) }
    defer { rd_kafka_assign(handle.client, nil) }
    var heard = Uptime.now()
    while !open.isEmpty {
      guard let message = rd_kafka_consumer_poll(handle.client, 200) else {
        if Uptime.now() - heard < idleLimit { continue }
        throw handle.failure("read", "topic \(topic)", RD_KAFKA_RESP_ERR__TIMED_OUT)
      }
      defer { rd_kafka_message_destroy(message) }
      heard = Uptime.now()
      switch message.pointee.err {
      case RD_KAFKA_RESP_ERR_NO_ERROR:
        guard try onRecord(KafkaMessage.record(message)) else { return }
      case RD_KAFKA_RESP_ERR__PARTITION_EOF: open.remove(message.pointee.partition)
      // A group's name has to be given, and nothing is ever asked of the group: whoever may not, need not.
      case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED: continue
      case let code where StateReader.passes(code): continue
      case let code: throw handle.failure("read", "topic \(topic)", code, partition: message.pointee.partition)
      }
    }
  }
}
