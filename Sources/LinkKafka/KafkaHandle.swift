import CRdKafka
import Synchronization

/// Owns one librdkafka client and destroys it.
///
/// Unchecked, because it owns a C handle: librdkafka's functions may be called from any thread, and `destroy()` only by the owner, when
/// nothing else uses the client any more.
final class KafkaHandle: @unchecked Sendable {
  /// The client itself.
  let client: OpaquePointer
  /// What its callbacks write to.
  let observer: ClientObserver
  private let guardian: KafkaProperties.Guardian
  private let isDestroyed = Mutex(false)

  private let pollsErrors: Bool

  /// Makes a client for `role`; `prepare` sets further callbacks on the configuration. Those that come on the owner's thread find `owner`
  /// through the observer; it must outlive the client.
  init(
    _ properties: KafkaProperties, _ role: KafkaProperties.Role, owner: AnyObject? = nil,
    prepare: (OpaquePointer) -> Void = { _ in }
  ) throws(KafkaFailure) {
    let configuration = try properties.configuration(for: role)
    let observer = ClientObserver(properties, owner: owner)
    rd_kafka_conf_set_opaque(configuration, Unmanaged.passUnretained(observer).toOpaque())
    rd_kafka_conf_set_log_cb(configuration) { client, level, facility, text in
      ClientObserver.of(client)?.logged(level, facility, text)
    }
    rd_kafka_conf_set_error_cb(configuration) { client, code, reason, _ in
      ClientObserver.of(client)?.failed(code, reason)
    }
    prepare(configuration)
    var message = ErrorText()
    let kind = role.kind
    guard let client = message.fill({ rd_kafka_new(kind, configuration, $0, $1) }) else {
      rd_kafka_conf_destroy(configuration)
      throw KafkaFailure(
        "make", "a Kafka client", code: rd_kafka_last_error().rawValue, detail: properties.redacted(message.text),
        hint: properties.clientHint(message.text))
    }
    self.client = client
    self.observer = observer
    guardian = properties.guardian
    if case .consumer = role {
      // Its errors come with its records; `rd_kafka_poll` would take records away.
      rd_kafka_poll_set_consumer(client)
      pollsErrors = false
    } else {
      pollsErrors = true
    }
  }

  deinit { destroy() }

  /// Has the client know where a topic's partitions are before it is assigned one: it would wait for its own next look, which comes once a
  /// second. What fails here shows, and passes, in what follows; whether Kafka has answered is returned.
  @discardableResult
  func learn(topic: String) -> rd_kafka_resp_err_t {
    guard let handle = rd_kafka_topic_new(client, topic, nil) else { return rd_kafka_last_error() }
    defer { rd_kafka_topic_destroy(handle) }
    var metadata: UnsafePointer<rd_kafka_metadata>?
    let result = rd_kafka_metadata(client, 0, handle, &metadata, 1_000)
    if let metadata { rd_kafka_metadata_destroy(metadata) }
    return result
  }

  /// Ends the client; a second call does nothing. May hang in librdkafka, hence the guardian.
  ///
  /// - Parameter closing: False for a consumer that has joined nothing: its group need not be left, for which librdkafka may wait for as long as
  ///   a session lasts (45 s) where the group was refused.
  func destroy(closing: Bool = true) {
    let isFirst = isDestroyed.withLock { done in
      defer { done = true }
      return !done
    }
    if isFirst {
      guarded("destroy a Kafka client") {
        rd_kafka_destroy_flags(client, closing ? 0 : RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
      }
    }
  }

  /// Makes a call that may hang in librdkafka for ever.
  func guarded(_ operation: String, _ body: () -> Void) { guardian(operation, body) }

  /// `failure`, with what the client was told before where the failure itself says only that nothing answered, and with a hint.
  func explained(_ failure: KafkaFailure) -> KafkaFailure {
    if pollsErrors { rd_kafka_poll(client, 0) }
    return observer.explained(failure)
  }

  /// A failure of this client with a plain code.
  func failure(_ operation: String, _ subject: String, _ code: rd_kafka_resp_err_t, partition: Int32? = nil)
    -> KafkaFailure
  {
    explained(KafkaFailure(operation, subject, code: code.rawValue, partition: partition))
  }
}

/// What a client's callbacks, which come from any thread, write to.
final class ClientObserver: Sendable {
  private let properties: KafkaProperties
  private let last = Mutex<(code: Int32, reason: String, at: Int64)?>(nil)

  /// Lines about partitions that a transaction was refused: the transaction's own error does not say which.
  private let refusedPartitions = Mutex<[String]>([])
  /// Of the object that the owner's callbacks write to; as a number, for only the owner's thread may follow it.
  private let ownerAddress: UInt

  init(_ properties: KafkaProperties, owner: AnyObject?) {
    self.properties = properties
    ownerAddress = owner.map { UInt(bitPattern: Unmanaged.passUnretained($0).toOpaque()) } ?? 0
  }

  /// The owner's object, from a callback on the owner's thread.
  func owner<Owner: AnyObject>(as type: Owner.Type) -> Owner? {
    UnsafeRawPointer(bitPattern: ownerAddress).map { Unmanaged<Owner>.fromOpaque($0).takeUnretainedValue() }
  }

  static func of(_ client: OpaquePointer?) -> ClientObserver? {
    client.flatMap { rd_kafka_opaque($0) }.map { Unmanaged<ClientObserver>.fromOpaque($0).takeUnretainedValue() }
  }

  /// A line of librdkafka's own log.
  func logged(_ level: Int32, _ facility: UnsafePointer<CChar>?, _ text: UnsafePointer<CChar>?) {
    let message = text.map { properties.redacted(String(cString: $0)) } ?? ""
    // A consumer's property on a producer, and the reverse, is what one set of properties for all clients means.
    if message.contains(" property and will be ignored by this ") { return }
    let facility = facility.map { String(cString: $0) } ?? ""
    // Brokers before 0.11 make topics unasked. They have no transactions either, which fails with a message of its own; what is left is
    // librdkafka's mock cluster, which makes none.
    if facility == "AUTOCREATE" { return }
    if facility == "ADDPARTS", level <= 4 {
      refusedPartitions.withLock { if $0.count < 64 { $0.append(message) } }
    }
    properties.log(level, facility, message)
  }

  /// An error of the whole client; the last one explains why nothing answers.
  func failed(_ code: Int32, _ reason: UnsafePointer<CChar>?) {
    let text = reason.map { properties.redacted(String(cString: $0)) } ?? ""
    if code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN.rawValue {
      last.withLock { last in
        // Of a host with two addresses one may be refused and the other not be there: the refusal says more.
        if let known = last, Self.isRefusal(known.code, known.reason), !Self.isRefusal(code, text),
          Uptime.now() - known.at < 5_000
        {
          return
        }
        last = (code, Self.withoutCounts(text), Uptime.now())
      }
    }
    properties.log(3, String(cString: rd_kafka_err2name(rd_kafka_resp_err_t(rawValue: code))), text)
  }

  /// Whether a broker has refused this client, or shown a certificate that this client refuses: unlike a lost connection, that does not pass.
  var isRefused: Bool { last.withLock { $0.map { Self.isRefusal($0.code, $0.reason) } ?? false } }

  private static func isRefusal(_ code: Int32, _ reason: String) -> Bool {
    code == RD_KAFKA_RESP_ERR__AUTHENTICATION.rawValue
      || code == RD_KAFKA_RESP_ERR__SSL.rawValue && reason.contains("certificate verify failed")
      || KafkaFailure.asksForCertificate(reason)
  }

  /// The lines about refused partitions since this was last asked.
  func takeRefusedPartitions() -> [String] {
    refusedPartitions.withLock { lines in
      defer { lines = [] }
      return lines
    }
  }

  /// Without "(after 0ms in state CONNECT, 1 identical error(s) suppressed)", which is for librdkafka's own log.
  private static func withoutCounts(_ text: String) -> String {
    guard let count = text.ranges(of: " (after ").last, text[count.lowerBound...].contains("ms in state ") else {
      return text
    }
    return String(text[..<count.lowerBound])
  }

  /// Tells of a failure that passes by itself.
  func note(_ failure: KafkaFailure) { properties.log(5, failure.name, failure.description) }

  /// Adds the cause, where only its effect is known, and what to try.
  func explained(_ failure: KafkaFailure) -> KafkaFailure {
    var failure = failure
    failure.detail = properties.redacted(failure.detail)
    if failure.saysOnlyThatNothingAnswered, let cause = last.withLock({ $0 }), Uptime.now() - cause.at < 30_000 {
      let isTimeout = failure.isAny(RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE)
      failure.code = cause.code
      failure.name = String(cString: rd_kafka_err2name(rd_kafka_resp_err_t(rawValue: cause.code)))
      // A timeout may have another reason than the last lost connection; "transport failure" says nothing beside it.
      let says = failure.detail
      failure.detail = isTimeout ? "\(says); before that: \(cause.reason)" : cause.reason
    } else if failure.isAny(RD_KAFKA_RESP_ERR__TRANSPORT), let brokers = properties.values["bootstrap.servers"] {
      failure.detail += ": no answer that Kafka would give from \(brokers)"
    }
    return failure.hinted(mechanism: properties.mechanism)
  }
}

extension KafkaProperties.Role {
  /// librdkafka's kind of client.
  var kind: rd_kafka_type_t {
    switch self {
    case .producer, .writer, .writeTrial, .transactionTrial: RD_KAFKA_PRODUCER
    case .consumer, .stateReader, .offsetWitness, .endReader, .browser, .admin: RD_KAFKA_CONSUMER
    }
  }
}
