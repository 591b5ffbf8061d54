import CRdKafka

extension KafkaFailure {
  /// Codes that only say that nothing answered; what a client was told before says more.
  var saysOnlyThatNothingAnswered: Bool {
    isAny(
      RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
      RD_KAFKA_RESP_ERR__WAIT_COORD, RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE)
  }

  /// The same failure with what to try, of which SASL needs to know the mechanism.
  func hinted(mechanism: String) -> KafkaFailure {
    var failure = self
    failure.hint = hint ?? generalHint(mechanism: mechanism)
    return failure
  }

  private func generalHint(mechanism: String) -> String? {
    if Self.asksForCertificate(detail) {
      return
        "set kafka.ssl.certificate.location and kafka.ssl.key.location: the broker wants a client certificate of a CA that it knows"
    }
    switch rd_kafka_resp_err_t(rawValue: code) {
    case RD_KAFKA_RESP_ERR__RESOLVE:
      return "check the host names in kafka.bootstrap.servers and this machine's DNS"
    case RD_KAFKA_RESP_ERR__AUTHENTICATION, RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
      return Self.saslHint(mechanism: mechanism, detail: detail)
    case RD_KAFKA_RESP_ERR__SSL:
      return "check that kafka.ssl.ca.location holds the CA of the brokers, that their certificate names the host in "
        + "kafka.bootstrap.servers and is in date, and that kafka.security.protocol fits the port"
    case RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, RD_KAFKA_RESP_ERR__TIMED_OUT:
      return
        "check that kafka.bootstrap.servers and the brokers' advertised listeners can be reached from here, and that "
        + "kafka.security.protocol fits the port"
    case RD_KAFKA_RESP_ERR__BAD_MSG, RD_KAFKA_RESP_ERR__UNDERFLOW:
      return
        "check host and port in kafka.bootstrap.servers: what answers there is no Kafka broker, or one that wants TLS"
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return "allow the worker's principal \(topicOperations); \(Self.wholeCheck)"
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      return "allow the worker's principal to Read the consumer group; \(Self.wholeCheck)"
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
      return
        "allow the worker's principal to Write the transactional id, best by a rule for all that begin with the group's name "
        + "and a dot; \(Self.wholeCheck)"
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return
        "allow the principal to Write the topic, which lets it write idempotently; brokers before 2.8 want IdempotentWrite on "
        + "the cluster besides"
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
      RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return "make the topics with `linkworker topics create`, or check their names in the settings"
    case RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
      return "raise the brokers' transaction.max.timeout.ms to at least 10000"
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
      return "another worker has the same kafka.group.instance.id: give each its own"
    case RD_KAFKA_RESP_ERR__FENCED, RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
      return "another worker may have the same instance.id: give each its own"
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
      return
        "raise the topic's max.message.bytes; linkworker topics check says what it ought to be, and a worker that is started anew minds what it is"
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
      return
        "the records at the committed offset are gone (retention, or deleted): find out what was lost before the group's "
        + "offset is set by hand"
    default:
      return nil
    }
  }

  /// Which permission the operation lacks. Describe comes with Read and with Write.
  private var topicOperations: String {
    switch operation {
    case "describe": "DescribeConfigs on the topic"
    case "read", "read the end", "consume": "to Read the topic"
    case "write", "publish to", "deliver": "to Write the topic"
    default: "to Read or Write the topic (requests and state: both; outcomes and dead letters: Write)"
    }
  }

  private static let wholeCheck = "linkworker config check --connect tells all that is missing"

  /// Whether a TLS alert says that the broker has no use for the certificate that it was shown, or was shown none.
  static func asksForCertificate(_ detail: String) -> Bool {
    ["alert bad certificate", "alert certificate required", "alert unknown ca", "alert certificate unknown"].contains {
      detail.contains($0)
    }
  }

  private static func saslHint(mechanism: String, detail: String) -> String {
    if detail.contains("supported mechanisms") {
      return "set kafka.sasl.mechanism to one that the broker supports"
    }
    let version = String(cString: rd_kafka_version_str())
    if mechanism.uppercased().hasPrefix("SCRAM"), rd_kafka_version() < 0x0206_0100 {
      return
        "librdkafka before 2.6.1 (this is \(version)) cannot log in by SCRAM to Kafka 4, which says \"invalid credentials\": use a "
        + "newer librdkafka, PLAIN over TLS or a client certificate; with Kafka 3 check kafka.sasl.username and the password"
    }
    return "check kafka.sasl.mechanism, kafka.sasl.username and the password (kafka.sasl.password.file)"
  }
}
