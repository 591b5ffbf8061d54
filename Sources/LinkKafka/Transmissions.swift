import CRdKafka
import Synchronization

/// Counts what a producer really sent of the requests that can end somebody else's transaction when they come late.
///
/// librdkafka repeats requests silently when a connection breaks, and its `error_cb` does not always tell; its interceptors do.
final class Transmissions: Sendable {
  /// EndTxn requests written to a socket.
  private let ends = Atomic<Int>(0)
  /// AddPartitionsToTxn, AddOffsetsToTxn, TxnOffsetCommit and EndTxn requests that got no answer.
  private let losses = Atomic<Int>(0)

  /// Kafka's API keys (protocol guide, "API Keys").
  private enum Key {
    static let addPartitionsToTxn: Int16 = 24
    static let addOffsetsToTxn: Int16 = 25
    static let endTxn: Int16 = 26
    static let txnOffsetCommit: Int16 = 28
  }

  /// How often EndTxn was sent since the transaction began.
  var endCount: Int { ends.load(ordering: .sequentiallyConsistent) }

  /// How many requests of the transaction got no answer.
  var lossCount: Int { losses.load(ordering: .sequentiallyConsistent) }

  /// Whether the transaction left nothing behind that could still arrive.
  var areClean: Bool { endCount == 1 && lossCount == 0 }

  /// Begins a transaction.
  func reset() {
    ends.store(0, ordering: .sequentiallyConsistent)
    losses.store(0, ordering: .sequentiallyConsistent)
  }

  /// Has the client made of `configuration` count here; this object must outlive it.
  func attach(to configuration: OpaquePointer) {
    let counter = Unmanaged.passUnretained(self).toOpaque()
    rd_kafka_conf_interceptor_add_on_new(
      configuration, "linkworker", { client, _, counter, _, _ in Transmissions.watch(client, counter) }, counter)
  }

  private static func watch(_ client: OpaquePointer?, _ counter: UnsafeMutableRawPointer?) -> rd_kafka_resp_err_t {
    let result = rd_kafka_interceptor_add_on_request_sent(
      client, "linkworker",
      { _, _, _, _, key, _, _, _, counter in
        if key == Key.endTxn { Transmissions.of(counter)?.ends.add(1, ordering: .sequentiallyConsistent) }
        return RD_KAFKA_RESP_ERR_NO_ERROR
      }, counter)
    guard result == RD_KAFKA_RESP_ERR_NO_ERROR else { return result }
    return rd_kafka_interceptor_add_on_response_received(
      client, "linkworker",
      { _, _, _, _, key, _, _, _, _, error, counter in
        if error != RD_KAFKA_RESP_ERR_NO_ERROR, Transmissions.isOfTransaction(key) {
          Transmissions.of(counter)?.losses.add(1, ordering: .sequentiallyConsistent)
        }
        return RD_KAFKA_RESP_ERR_NO_ERROR
      }, counter)
  }

  private static func isOfTransaction(_ key: Int16) -> Bool {
    switch key {
    case Key.addPartitionsToTxn, Key.addOffsetsToTxn, Key.endTxn, Key.txnOffsetCommit: true
    default: false
    }
  }

  private static func of(_ counter: UnsafeMutableRawPointer?) -> Transmissions? {
    counter.map { Unmanaged<Transmissions>.fromOpaque($0).takeUnretainedValue() }
  }
}
