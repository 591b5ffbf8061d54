import CRdKafka

/// What became of each record of a transaction, by its place in it. Belongs to the transaction thread.
final class DeliveryReports {
  /// Records that were not delivered: their place and why.
  private(set) var failures: [(index: Int, code: rd_kafka_resp_err_t)] = []
  /// By partition of the state topic, the offset after its last delivered record.
  private(set) var stateEnds: [Int32: Int64] = [:]
  /// Whether the broker acknowledged a state record without telling its offset.
  private(set) var isOffsetMissing = false
  private(set) var deliveredCount = 0
  private var firstStateIndex = 0

  /// Begins a transaction whose records are state records from this place on.
  func reset(firstStateIndex: Int) {
    failures = []
    stateEnds = [:]
    isOffsetMissing = false
    deliveredCount = 0
    self.firstStateIndex = firstStateIndex
  }

  /// librdkafka's delivery report callback, within a flush.
  func delivered(_ message: UnsafePointer<rd_kafka_message_t>) {
    let index = Int(bitPattern: message.pointee._private)
    guard message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR else {
      failures.append((index, message.pointee.err))
      return
    }
    deliveredCount += 1
    guard index >= firstStateIndex else { return }
    guard message.pointee.offset >= 0 else {
      isOffsetMissing = true
      return
    }
    let end = message.pointee.offset + 1
    stateEnds[message.pointee.partition] = max(end, stateEnds[message.pointee.partition] ?? 0)
  }
}
