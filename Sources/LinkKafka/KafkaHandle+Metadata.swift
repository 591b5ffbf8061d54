import CRdKafka

extension KafkaHandle {
  /// Milliseconds that a turn lasts at most: as long as somebody who wants to stop it has to wait.
  private static let turnLimit: Int64 = 2_000

  /// What Kafka says of a topic, or of its brokers alone where `topic` is nil; the caller frees it.
  ///
  /// librdkafka goes on knocking until the deadline even when a broker has refused the password; here it is asked in turns of growing length, and
  /// a client that is still refused after two of them (1.5 s) is told so at once. Between two turns `isStopped` may end it.
  func metadata(
    _ topic: OpaquePointer?, _ deadline: Int64, _ operation: String, _ subject: String,
    isStopped: () -> Bool = { false }
  ) throws(KafkaFailure) -> UnsafePointer<rd_kafka_metadata> {
    var turn: Int64 = 500
    var wasRefused = false
    while true {
      let left = max(deadline - Uptime.now(), 1)
      var metadata: UnsafePointer<rd_kafka_metadata>?
      let result = rd_kafka_metadata(client, 0, topic, &metadata, Int32(clamping: min(turn, left)))
      if result == RD_KAFKA_RESP_ERR_NO_ERROR, let metadata { return metadata }
      if let metadata { rd_kafka_metadata_destroy(metadata) }
      let failure = failure(operation, subject, result)
      guard turn < left, StateReader.passes(result), !(wasRefused && observer.isRefused), !isStopped() else {
        throw failure
      }
      wasRefused = observer.isRefused
      turn = min(turn * 2, Self.turnLimit)
    }
  }
}
