import CRdKafka

/// A list of partitions with offsets, freed when it goes: one that is not makes the destruction of its client block for ever.
struct PartitionList: ~Copyable {
  /// librdkafka's list.
  let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

  /// The partitions of one topic, each with its offset.
  init(_ topic: String, _ offsets: [(partition: Int32, offset: Int64)]) {
    pointer = rd_kafka_topic_partition_list_new(Int32(offsets.count))
    for (partition, offset) in offsets {
      rd_kafka_topic_partition_list_add(pointer, topic, partition).pointee.offset = offset
    }
  }

  /// The partitions of one topic, without offsets.
  init(_ topic: String, _ partitions: some Collection<Int32>) {
    self.init(topic, partitions.map { (partition: $0, offset: Int64(RD_KAFKA_OFFSET_INVALID)) })
  }

  deinit { rd_kafka_topic_partition_list_destroy(pointer) }

  /// What librdkafka wrote into it.
  var elements: [(partition: Int32, offset: Int64, error: rd_kafka_resp_err_t)] {
    Self.elements(of: pointer)
  }

  /// What stands in a list that somebody else owns.
  static func elements(of list: UnsafePointer<rd_kafka_topic_partition_list_t>)
    -> [(partition: Int32, offset: Int64, error: rd_kafka_resp_err_t)]
  {
    UnsafeBufferPointer(start: list.pointee.elems, count: Int(list.pointee.cnt)).map {
      ($0.partition, $0.offset, $0.err)
    }
  }
}
