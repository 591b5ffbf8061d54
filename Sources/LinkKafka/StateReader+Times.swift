import CRdKafka
import Glibc
public import LinkCore

extension StateReader {
  /// For each of these partitions the first offset from which on a record stands that Kafka gave that moment or a later one; a partition
  /// without such a record is left out. Records of a transaction that is open count.
  ///
  /// - Parameter timeout: In milliseconds.
  public func offsets(
    of topic: String, partitions: some Collection<Int32>, since moment: Timestamp, timeout: Int64 = 10_000
  ) throws(KafkaFailure) -> [Int32: Int64] {
    ends.learn(topic: topic)
    let deadline = Uptime.now() + timeout
    while true {
      // The list has the moments on the way in, and the offsets on the way out.
      let list = PartitionList(topic, partitions.map { ($0, max(moment.milliseconds, 0)) })
      let wait = Int32(clamping: min(max(deadline - Uptime.now(), 1), 2_000))
      var result = rd_kafka_offsets_for_times(ends.client, list.pointer, wait)
      let elements = list.elements
      if result == RD_KAFKA_RESP_ERR_NO_ERROR, let failed = elements.first(where: { $0.error != result }) {
        result = failed.error
      }
      if result == RD_KAFKA_RESP_ERR_NO_ERROR {
        return Dictionary(
          elements.filter { $0.offset >= 0 }.map { ($0.partition, $0.offset) }, uniquingKeysWith: { first, _ in first })
      }
      guard StateReader.passes(result), Uptime.now() < deadline else {
        throw ends.failure("find the offsets of a moment", "in topic \(topic)", result)
      }
      usleep(20_000)
    }
  }
}
