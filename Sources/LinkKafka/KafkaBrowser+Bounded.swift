import CRdKafka
public import LinkCore

extension KafkaBrowser {
  /// Reads partitions of a topic from their earliest records, or from `starts`, to ends that are given: also past what was open when the ends were taken.
  ///
  /// - Parameters:
  ///   - starts: The first offset of a partition that is to be read from there on.
  ///   - ends: For each partition the offset before which everything is read; it has to be in the log, or its end.
  ///   - stuckAfter: Milliseconds without any progress after which it gives up with `_TIMED_OUT`: an open transaction holds a partition back.
  ///   - isStopped: Ends the reading; it is asked before each record, and several times a second where none comes.
  ///   - onRecord: Takes the records, of one partition in their order.
  public func read(
    topic: String, from starts: [Int32: Int64] = [:], to ends: [Int32: Int64], stuckAfter: Int64 = 60_000,
    isStopped: () -> Bool = { false }, onRecord: (SourceRecord) throws -> Void
  ) throws {
    var open = ends.filter { $0.value > 0 }
    guard !open.isEmpty else { return }
    handle.learn(topic: topic)
    let list = PartitionList(topic, open.keys.sorted().map { ($0, starts[$0] ?? Int64(RD_KAFKA_OFFSET_BEGINNING)) })
    let result = rd_kafka_assign(handle.client, list.pointer)
    guard result == RD_KAFKA_RESP_ERR_NO_ERROR else { throw handle.failure("read", "topic \(topic)", result) }
    defer { rd_kafka_assign(handle.client, nil) }
    var progressed = Uptime.now()
    var reached: [Int32: Int64] = [:]
    /// Everything of a partition before `offset` has been read; markers count.
    func reach(_ partition: Int32, _ offset: Int64) {
      guard offset > reached[partition] ?? -1 else { return }
      (reached[partition], progressed) = (offset, Uptime.now())
      if let end = open[partition], offset >= end { open[partition] = nil }
    }
    while !open.isEmpty, !isStopped() {
      guard Uptime.now() - progressed < stuckAfter else { throw stuck(topic, open.keys.min(), reached) }
      guard let message = rd_kafka_consumer_poll(handle.client, 200) else { continue }
      defer { rd_kafka_message_destroy(message) }
      let partition = message.pointee.partition
      switch message.pointee.err {
      case RD_KAFKA_RESP_ERR_NO_ERROR:
        // What came in behind an end, while other partitions are read still, is none of this reading.
        guard let end = open[partition], message.pointee.offset < end else {
          reach(partition, message.pointee.offset)
          continue
        }
        try onRecord(KafkaMessage.record(message))
        reach(partition, message.pointee.offset + 1)
      case RD_KAFKA_RESP_ERR__PARTITION_EOF: reach(partition, message.pointee.offset)
      // A group's name has to be given, and nothing is ever asked of the group: whoever may not, need not.
      case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED: continue
      case let code where StateReader.passes(code): continue
      case let code: throw handle.failure("read", "topic \(topic)", code, partition: partition)
      }
    }
  }

  private func stuck(_ topic: String, _ partition: Int32?, _ reached: [Int32: Int64]) -> KafkaFailure {
    let partition = partition ?? 0
    var failure = handle.failure(
      "read", "partition \(partition) of topic \(topic) past offset \(reached[partition] ?? 0)",
      RD_KAFKA_RESP_ERR__TIMED_OUT, partition: partition)
    failure.hint =
      "kafka-transactions.sh --describe-producers --topic \(topic) --partition \(partition) names whose transaction is open there; it ends "
      + "by itself after that producer's transaction.timeout.ms"
    return failure
  }
}
