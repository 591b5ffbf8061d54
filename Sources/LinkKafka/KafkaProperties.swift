import CRdKafka

/// librdkafka's own properties as the user gives them, and where its log lines go.
///
/// Each client gets them with the protocol's own on top; see `ownedByProtocol`.
public struct KafkaProperties: Sendable {
  /// Takes one of librdkafka's log lines: syslog's level (0-7), the facility (as in `FAIL`) and the text, secrets removed. Called from any
  /// thread; it must not block nor call Kafka.
  public typealias LogSink = @Sendable (_ level: Int32, _ facility: String, _ message: String) -> Void

  /// Runs a call into librdkafka that may hang for ever (closing or destroying a client): a watchdog may end the process around it.
  public typealias Guardian = @Sendable (_ operation: String, _ body: () -> Void) -> Void

  /// The properties by librdkafka's names.
  public var values: [String: String]
  /// Where log lines and client errors go; default: nowhere.
  public var log: LogSink
  /// What is put around calls that may hang; default: nothing.
  public var guardian: Guardian

  /// Properties by librdkafka's names, without any prefix of ours.
  public init(
    _ values: [String: String], log: @escaping LogSink = { _, _, _ in }, guardian: @escaping Guardian = { $1() }
  ) {
    self.values = values
    self.log = log
    self.guardian = guardian
  }

  /// The same properties with what a producer of these topics should have, unless the user has said otherwise: records as large as any of the
  /// topics takes (`message.max.bytes`), and the largest batches (`batch.size`) that every topic takes, at most librdkafka's own default. So a record that is too large for its topic is alone in its batch and takes no other
  /// down with it; and a partition's records of one transaction mostly go in one request. (While more of them wait for the one under way,
  /// librdkafka's thread never sleeps.)
  ///
  /// - Parameters:
  ///   - recordByteLimit: The largest `max.message.bytes` of the topics.
  ///   - batchByteLimit: The smallest of them.
  public func producing(recordByteLimit: Int, batchByteLimit: Int) -> KafkaProperties {
    var properties = self
    if values["batch.size"] == nil { properties.values["batch.size"] = String(min(max(batchByteLimit, 1), 1_000_000)) }
    if values["message.max.bytes"] == nil {
      properties.values["message.max.bytes"] = String(min(max(recordByteLimit + (64 << 10), 1_179_648), 100 << 20))
    }
    return properties
  }

  /// What exactly-once rests on: these are refused by name when a user sets them.
  public static let ownedByProtocol: [String] = [
    "isolation.level", "enable.auto.commit", "enable.auto.offset.store", "enable.partition.eof", "auto.offset.reset",
    "group.protocol", "partition.assignment.strategy", "enable.idempotence", "transactional.id",
    "transaction.timeout.ms", "acks", "request.required.acks", "partitioner", "delivery.report.only.error", "group.id",
  ]

  /// Whether the value of a property of this name appears in no message: passwords, keys, and all that OAUTHBEARER is told.
  public static func isSecret(_ name: String) -> Bool {
    if name.hasPrefix("sasl.oauthbearer.") { return name != "sasl.oauthbearer.method" }
    // Beside a certificate in a property's value its key often stands, too.
    // Java's names are here as well: settings are pasted, and somebody reads aloud what is refused.
    return [
      "password", "passphrase", "secret", "key.pem", "private.key", "certificate.pem", "jaas", "keystore.key",
      "certificate.chain",
    ].contains { name.contains($0) }
  }

  /// Refuses properties that the protocol owns, that librdkafka does not know, or whose value it does not take.
  public func validate() throws(KafkaFailure) {
    for role in [Role.consumer(groupID: "check"), .admin] {
      rd_kafka_conf_destroy(try configuration(for: role))
    }
  }

  /// What librdkafka says of each property whose value it does not take, or that it does not know, by name.
  public func faults() -> [KafkaFailure] {
    guard let configuration = rd_kafka_conf_new() else { return [] }
    defer { rd_kafka_conf_destroy(configuration) }
    return values.sorted { $0.key < $1.key }.compactMap { name, value in
      do throws(KafkaFailure) {
        try set(name, value, on: configuration)
        return nil
      } catch {
        return error
      }
    }
  }

  /// The SASL mechanism in force; empty where none is set.
  var mechanism: String { values["sasl.mechanism"] ?? values["sasl.mechanisms"] ?? "" }

  /// What to try where librdkafka makes no client of these properties, for a reason that it names.
  func clientHint(_ reason: String) -> String {
    // Kerberos is its own default; hardly anybody who has said nothing means it.
    mechanism.isEmpty && reason.contains("kerberos")
      ? "set kafka.sasl.mechanism, for instance PLAIN or SCRAM-SHA-512: without it librdkafka takes GSSAPI (Kerberos)"
      : "check the kafka.* properties"
  }

  /// `text` without the value of any secret property.
  func redacted(_ text: String) -> String {
    var text = text
    for (name, value) in values where Self.isSecret(name) && value.utf8.count >= 4 {
      while let range = text.firstRange(of: value) { text.replaceSubrange(range, with: "<secret>") }
    }
    return text
  }
}
