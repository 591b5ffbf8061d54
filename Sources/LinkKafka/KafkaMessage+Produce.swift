import CRdKafka
import LinkCore

extension KafkaMessage {
  /// Hands one record to librdkafka, which copies it and tells what became of it by `index`.
  static func produce(_ record: OutgoingRecord, on client: OpaquePointer, _ topic: OpaquePointer, index: Int)
    -> rd_kafka_resp_err_t
  {
    let headers = headers(record.headers)
    let result = withBytes(record.key) { key, keyLength in
      withBytes(record.value) { value, valueLength in
        link_produce(
          client, topic, record.partition ?? RD_KAFKA_PARTITION_UA, key, keyLength, value, valueLength,
          max(record.timestamp?.milliseconds ?? 0, 0), headers, UnsafeMutableRawPointer(bitPattern: index))
      }
    }
    if result != RD_KAFKA_RESP_ERR_NO_ERROR, let headers { rd_kafka_headers_destroy(headers) }
    return result
  }

  /// Nil for no headers: librdkafka's list costs an allocation.
  private static func headers(_ headers: [Header]) -> OpaquePointer? {
    guard !headers.isEmpty, let list = rd_kafka_headers_new(headers.count) else { return nil }
    for header in headers {
      header.name.withUnsafeBufferPointer { name in
        name.withMemoryRebound(to: CChar.self) { name in
          withBytes(header.value) { value, length in
            _ = rd_kafka_header_add(list, name.baseAddress, name.count, value, length)
          }
        }
      }
    }
    return list
  }

  /// A null pointer for nil; for an empty array one that is not null, for the two are not the same to Kafka.
  private static func withBytes<Result>(_ bytes: [UInt8]?, _ body: (UnsafeRawPointer?, Int) -> Result) -> Result {
    guard let bytes else { return body(nil, 0) }
    guard !bytes.isEmpty else { return withUnsafeBytes(of: UInt8(0)) { body($0.baseAddress, 0) } }
    return bytes.withUnsafeBytes { body($0.baseAddress, $0.count) }
  }
}
