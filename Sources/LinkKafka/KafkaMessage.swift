import CRdKafka
import Glibc
import LinkCore

/// Reads librdkafka's message; nothing of it is kept.
enum KafkaMessage {
  /// A record, its bytes copied.
  static func record(_ message: UnsafePointer<rd_kafka_message_t>) -> SourceRecord {
    SourceRecord(
      partition: message.pointee.partition, offset: message.pointee.offset,
      timestamp: Timestamp(milliseconds: rd_kafka_message_timestamp(message, nil)),
      key: bytes(message.pointee.key, message.pointee.key_len),
      value: bytes(message.pointee.payload, message.pointee.len), headers: headers(message))
  }

  /// Nil for a null pointer: an empty key is not the same as none.
  static func bytes(_ pointer: UnsafeRawPointer?, _ count: Int) -> [UInt8]? {
    pointer.map { Array(UnsafeRawBufferPointer(start: $0, count: count)) }
  }

  private static func headers(_ message: UnsafePointer<rd_kafka_message_t>) -> [Header] {
    var list: OpaquePointer?
    guard rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { return [] }
    var headers: [Header] = []
    var name: UnsafePointer<CChar>?
    var value: UnsafeRawPointer?
    var size = 0
    while rd_kafka_header_get_all(list, headers.count, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR {
      guard let name else { break }
      let nameBytes = UnsafeRawBufferPointer(start: name, count: strlen(name))
      headers.append(Header(name: Array(nameBytes), value: bytes(value, size)))
    }
    return headers
  }
}
