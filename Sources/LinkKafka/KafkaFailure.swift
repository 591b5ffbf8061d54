import CRdKafka

/// Something that was asked of Kafka did not happen.
public struct KafkaFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// What was to be done, as in "read the committed offsets".
  public var operation: String
  /// On what, as in "of group links"; empty where the operation says it all.
  public var subject: String
  /// librdkafka's code (negative: its own) or Kafka's (positive).
  public var code: Int32
  /// The code's name without its prefix, as in `_TRANSPORT` or `TOPIC_AUTHORIZATION_FAILED`.
  public var name: String
  /// What librdkafka or the broker says; never holds a secret.
  public var detail: String
  /// What to try, where it is known.
  public var hint: String?
  /// The partition that it concerns, where it concerns one.
  public var partition: Int32?
  /// Whether the client that reports it can never be used again.
  public var isFatal: Bool
  /// Whether the same call may succeed when it is made again.
  public var isRetriable: Bool
  /// Whether the open transaction can only be aborted.
  public var requiresAbort: Bool

  /// A failure with this code.
  public init(
    _ operation: String, _ subject: String, code: Int32, detail: String? = nil, hint: String? = nil,
    partition: Int32? = nil, isFatal: Bool = false, isRetriable: Bool = false, requiresAbort: Bool = false
  ) {
    let error = rd_kafka_resp_err_t(rawValue: code)
    self.operation = operation
    self.subject = subject
    self.code = code
    self.name = String(cString: rd_kafka_err2name(error))
    self.detail = detail ?? String(cString: rd_kafka_err2str(error))
    self.hint = hint
    self.partition = partition
    self.isFatal = isFatal
    self.isRetriable = isRetriable
    self.requiresAbort = requiresAbort
  }

  /// "cannot OPERATION SUBJECT: DETAIL (NAME). Try: HINT".
  public var description: String {
    let head = subject.isEmpty ? operation : "\(operation) \(subject)"
    return "cannot \(head): \(detail) (\(name))" + (hint.map { ". Try: \($0)" } ?? "")
  }

  /// What librdkafka's error object says; the object is freed.
  init(_ operation: String, _ subject: String, consuming error: OpaquePointer) {
    self.init(
      operation, subject, code: rd_kafka_error_code(error).rawValue,
      detail: String(cString: rd_kafka_error_string(error)), isFatal: rd_kafka_error_is_fatal(error) != 0,
      isRetriable: rd_kafka_error_is_retriable(error) != 0,
      requiresAbort: rd_kafka_error_txn_requires_abort(error) != 0)
    rd_kafka_error_destroy(error)
  }

  /// Whether a certificate is not trusted: the broker's by us, or ours (or none) by the broker. That does not pass by itself.
  public var isDistrust: Bool {
    isAny(RD_KAFKA_RESP_ERR__SSL) && detail.contains("certificate verify failed") || Self.asksForCertificate(detail)
  }

  /// Whether it is about the record that was to be written, and not about Kafka: others may well be taken.
  public var refusesRecord: Bool { isAny(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_INVALID_RECORD) }

  /// Whether its code is one of these.
  func isAny(_ codes: rd_kafka_resp_err_t...) -> Bool { codes.contains { $0.rawValue == code } }
}
