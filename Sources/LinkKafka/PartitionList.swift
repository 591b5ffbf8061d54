import CRdKafka
import Glibc
import LinkCore

/// A list of partitions with offsets, freed when it goes: one that is not makes the destruction of its client block for ever.
struct PartitionList: ~Copyable {
  /// librdkafka's list.
  let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

  /// One partition of a list.
  struct Element {
    var partition: Int32
    var offset: Int64
    var error: rd_kafka_resp_err_t
    /// The identity that the offset's metadata names.
    var identity: Identity?
  }

  /// The partitions of one topic, each with its offset, and the identity under which it is to be committed.
  init(
    _ topic: String, _ offsets: [(partition: Int32, offset: Int64)], under identities: [Int32: Identity] = [:]
  ) {
    pointer = rd_kafka_topic_partition_list_new(Int32(offsets.count))
    for (partition, offset) in offsets {
      guard let element = rd_kafka_topic_partition_list_add(pointer, topic, partition) else { continue }
      element.pointee.offset = offset
      guard let identity = identities[partition] else { continue }
      // The list frees it.
      let metadata = CommittedOffset.metadata(of: identity)
      element.pointee.metadata = UnsafeMutableRawPointer(strdup(metadata))
      element.pointee.metadata_size = metadata.utf8.count
    }
  }

  /// The partitions of one topic, without offsets.
  init(_ topic: String, _ partitions: some Collection<Int32>) {
    self.init(topic, partitions.map { (partition: $0, offset: Int64(RD_KAFKA_OFFSET_INVALID)) })
  }

  deinit { rd_kafka_topic_partition_list_destroy(pointer) }

  /// What librdkafka wrote into it.
  var elements: [Element] { Self.elements(of: pointer) }

  /// What stands in a list that somebody else owns.
  static func elements(of list: UnsafePointer<rd_kafka_topic_partition_list_t>) -> [Element] {
    UnsafeBufferPointer(start: list.pointee.elems, count: Int(list.pointee.cnt)).map {
      Element(partition: $0.partition, offset: $0.offset, error: $0.err, identity: identity(in: $0))
    }
  }

  private static func identity(in element: rd_kafka_topic_partition_t) -> Identity? {
    guard let metadata = element.metadata, element.metadata_size > 0 else { return nil }
    let bytes = UnsafeRawBufferPointer(start: metadata, count: element.metadata_size)
    return CommittedOffset.identity(in: String(decoding: bytes, as: UTF8.self))
  }
}
