import CRdKafka

extension KafkaProperties {
  /// What a client is for.
  enum Role {
    /// Consumes requests as a member of the group.
    case consumer(groupID: String)
    /// Publishes transactions.
    case producer(transactionalID: String, transactionTimeout: Int)
    /// Reads committed state and the group's offsets; no member.
    case stateReader(groupID: String)
    /// Asks whether the group's offsets are still there; no member. See `OffsetWitness`.
    case offsetWitness(groupID: String)
    /// Asks for true ends: a `read_committed` client shows only the last stable offset.
    case endReader
    /// Writes single records for a command; idempotent, no transactions.
    case writer
    /// Looks through topics for a command: committed records only; no member.
    case browser
    /// Asks whether topics may be written to, by records that Kafka refuses; see `PermissionTrial`.
    case writeTrial
    /// Asks whether a transactional id may be had, by a timeout that Kafka refuses; see `PermissionTrial`.
    case transactionTrial(transactionalID: String)
    /// Makes and describes topics; a consumer, for a producer's metadata request may create what it asks for.
    case admin
  }

  /// librdkafka's configuration object for a role; whoever gets it must free it or make a client of it.
  func configuration(for role: Role) throws(KafkaFailure) -> OpaquePointer {
    if let owned = Self.ownedByProtocol.first(where: { values[$0] != nil }) {
      throw KafkaFailure(
        "set", "kafka.\(owned)", code: RD_KAFKA_RESP_ERR__INVALID_ARG.rawValue,
        detail: "this property is part of the protocol that keeps outcomes exactly-once", hint: "remove it")
    }
    guard let configuration = rd_kafka_conf_new() else {
      throw KafkaFailure("make", "a configuration", code: RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE.rawValue)
    }
    do throws(KafkaFailure) {
      for (name, value) in Self.defaults(role).sorted(by: { $0.key < $1.key }) {
        try set(name, value, on: configuration)
      }
      for (name, value) in values.sorted(by: { $0.key < $1.key }) where applies(name, to: role) {
        try set(name, value, on: configuration)
      }
      for (name, value) in imposed(role).sorted(by: { $0.key < $1.key }) { try set(name, value, on: configuration) }
      if case .consumer = role { setIfKnown("group.protocol", "classic", on: configuration) }
    } catch {
      rd_kafka_conf_destroy(configuration)
      throw error
    }
    return configuration
  }

  /// A batch above this holds one record only: one that is too large for its topic takes no other down with it, and a topic whose
  /// limit is not far below Kafka's default takes every batch.
  private static let batchByteLimit = "65536"

  /// What a user may change.
  private static func defaults(_ role: Role) -> [String: String] {
    var common = [
      "client.id": "linkworker",
      "socket.nagle.disable": "true",
    ]
    switch role {
    case .consumer: common["queued.max.messages.kbytes"] = "16384"
    case .stateReader:
      // A partition that finds the queue full is not fetched for so long; before librdkafka 2.2, which has no setting for it, for a second: there the
      // queue holds as much as is read in a second.
      if isQueueBackoffKnown { common["fetch.queue.backoff.ms"] = "5" }
      common["queued.max.messages.kbytes"] = isQueueBackoffKnown ? "16384" : "49152"
      common["fetch.wait.max.ms"] = "10"
    case .browser:
      common["queued.max.messages.kbytes"] = "16384"
      common["fetch.wait.max.ms"] = "10"
    case .writer:
      common["linger.ms"] = "1"
      common["batch.size"] = Self.batchByteLimit
    case .producer:
      common["linger.ms"] = "1"
      // Larger than what a request may have, so that its dead letter, with headers added, still fits.
      common["message.max.bytes"] = "1179648"
      common["batch.size"] = Self.batchByteLimit
      common["queue.buffering.max.kbytes"] = "131072"
    case .endReader, .offsetWitness, .admin, .writeTrial, .transactionTrial: break
    }
    return common
  }

  private static let isQueueBackoffKnown = rd_kafka_version() >= 0x0202_0000

  /// What the protocol rests on.
  private func imposed(_ role: Role) -> [String: String] {
    switch role {
    case .consumer(let groupID):
      return [
        "group.id": groupID, "isolation.level": "read_committed", "enable.auto.commit": "false",
        "enable.auto.offset.store": "false", "enable.partition.eof": "true", "auto.offset.reset": "error",
        "partition.assignment.strategy": "range", "allow.auto.create.topics": "false",
      ]
    case .producer(let transactionalID, let timeout):
      return [
        "transactional.id": transactionalID, "transaction.timeout.ms": String(timeout), "enable.idempotence": "true",
        "acks": "all", "partitioner": "murmur2_random", "delivery.report.only.error": "false",
        // Above every timeout that a commit is given, whatever the user set: at its own, librdkafka sends EndTxn again behind our back.
        "socket.timeout.ms": String(timeout - 100),
        // Before the transaction's own deadline, so that a record says why it did not get through.
        "message.timeout.ms": String(timeout - 2_000),
      ]
    case .stateReader(let groupID):
      return [
        "group.id": groupID, "isolation.level": "read_committed", "enable.auto.commit": "false",
        "enable.auto.offset.store": "false", "enable.partition.eof": "true", "auto.offset.reset": "error",
        "allow.auto.create.topics": "false",
      ]
    case .writer:
      return ["enable.idempotence": "true", "acks": "all", "partitioner": "murmur2_random"]
    case .browser:
      return [
        "isolation.level": "read_committed", "enable.auto.commit": "false", "enable.partition.eof": "true",
        "auto.offset.reset": "earliest", "allow.auto.create.topics": "false",
        // A manual assignment, too, wants a group's name; nothing is ever committed under it.
        "group.id": "linkworker-browser",
      ]
    case .offsetWitness(let groupID):
      // Whether there is an offset, not which one: it need not wait for the transaction that is about to replace it.
      return [
        "group.id": groupID, "isolation.level": "read_uncommitted", "enable.auto.commit": "false",
        "allow.auto.create.topics": "false",
      ]
    case .endReader:
      return ["isolation.level": "read_uncommitted", "allow.auto.create.topics": "false"]
    case .admin:
      return ["allow.auto.create.topics": "false"]
    case .writeTrial:
      return ["acks": "2", "enable.idempotence": "false", "message.send.max.retries": "0", "linger.ms": "0"]
    case .transactionTrial(let transactionalID):
      return [
        "transactional.id": transactionalID, "transaction.timeout.ms": String(Int32.max - 1_000),
        "enable.idempotence": "true",
        "acks": "all", "socket.timeout.ms": "10000", "message.timeout.ms": "10000",
      ]
    }
  }

  /// Static membership is for the one member alone.
  private func applies(_ name: String, to role: Role) -> Bool {
    if case .consumer = role { return true }
    return name != "group.instance.id"
  }

  func set(_ name: String, _ value: String, on configuration: OpaquePointer) throws(KafkaFailure) {
    var message = ErrorText()
    let result = message.fill { rd_kafka_conf_set(configuration, name, value, $0, $1) }
    guard result != RD_KAFKA_CONF_OK else { return }
    let isUnknown = result == RD_KAFKA_CONF_UNKNOWN
    throw KafkaFailure(
      "set", "kafka.\(name)", code: RD_KAFKA_RESP_ERR__INVALID_ARG.rawValue,
      detail: Self.isSecret(name) ? "librdkafka does not take its value" : message.text,
      hint: isUnknown
        ? "see librdkafka's CONFIGURATION.md for the properties of version \(String(cString: rd_kafka_version_str()))"
        : nil)
  }

  private func setIfKnown(_ name: String, _ value: String, on configuration: OpaquePointer) {
    var message = ErrorText()
    _ = message.fill { rd_kafka_conf_set(configuration, name, value, $0, $1) }
  }
}

/// The buffer that librdkafka writes an error's text into.
struct ErrorText {
  private var bytes = [CChar](repeating: 0, count: 512)

  /// Lends the buffer and its size to `body`.
  mutating func fill<Result>(_ body: (UnsafeMutablePointer<CChar>?, Int) -> Result) -> Result {
    bytes.withUnsafeMutableBufferPointer { body($0.baseAddress, $0.count) }
  }

  /// What was written.
  var text: String { String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) }
}
