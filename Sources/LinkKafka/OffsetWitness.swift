import CRdKafka

/// Knows whether the group's offsets are still there: Kafka drops them with their topic, and with nothing else while the group has members.
///
/// A consumer that does not look while its topic is deleted and made anew goes on in the new one where it stood in the old one, and passes over what
/// comes before. Nothing that librdkafka tells gives this away, but that the offset has gone. One thread owns it.
final class OffsetWitness {
  private let handle: KafkaHandle
  private let topic: String
  /// Partitions of which the group had an offset. Some brokers for tests keep none: then there is nothing to miss.
  private var known: Set<Int32> = []

  /// A witness of a group's offsets on a topic, which it asks by a client of its own that joins nothing.
  init(properties: KafkaProperties, groupID: String, topic: String) throws(KafkaFailure) {
    self.topic = topic
    handle = try KafkaHandle(properties, .offsetWitness(groupID: groupID))
  }

  deinit { close() }

  /// Ends its client.
  func close() { handle.destroy(closing: false) }

  /// Of these partitions the group has an offset, or has none: what was known of them from an earlier assignment counts no more.
  func expect(_ found: [Int32: Bool]) {
    for (partition, hasOffset) in found {
      if hasOffset { known.insert(partition) } else { known.remove(partition) }
    }
  }

  /// The partitions that had an offset and have none any more. Where Kafka does not say within the timeout, nothing is known to be lost: the
  /// next commit asks again.
  func lost(of partitions: some Collection<Int32>, timeout: Int32) -> [Int32] {
    drain()
    let list = PartitionList(topic, partitions.sorted())
    guard rd_kafka_committed(handle.client, list.pointer, timeout) == RD_KAFKA_RESP_ERR_NO_ERROR else { return [] }
    let answered = list.elements.filter { $0.error == RD_KAFKA_RESP_ERR_NO_ERROR }
    let lost = answered.filter { $0.offset < 0 && known.contains($0.partition) }.map(\.partition)
    known.formUnion(answered.filter { $0.offset >= 0 }.map(\.partition))
    return lost
  }

  /// What its client has to tell of brokers that are away would pile up where nobody took it: the transaction itself says it.
  private func drain() {
    while let message = rd_kafka_consumer_poll(handle.client, 0) { rd_kafka_message_destroy(message) }
  }
}
