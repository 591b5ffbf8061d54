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
    failure.hint = hint ?? Self.hint(code: rd_kafka_resp_err_t(rawValue: code), detail: detail, mechanism: mechanism)
    return failure
  }

  private static func hint(code: rd_kafka_resp_err_t, detail: String, mechanism: String) -> String? {
    switch code {
    case RD_KAFKA_RESP_ERR__RESOLVE:
      return "check the host names in kafka.bootstrap.servers and this machine's DNS"
    case RD_KAFKA_RESP_ERR__AUTHENTICATION, RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
      return saslHint(mechanism: mechanism)
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
      return
        "allow the worker's principal to read and write the topic (requests: Read and Write; outcomes, dead letters: Write; "
        + "state: Read and Write)"
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      return "allow the worker's principal to Read the consumer group"
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
      return
        "allow the worker's principal to Write and Describe the transactional id (a prefix rule on the group's name covers all)"
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
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
      return
        "the records at the committed offset are gone (retention, or deleted): find out what was lost before the group's "
        + "offset is set by hand"
    default:
      return nil
    }
  }

  private static func saslHint(mechanism: String) -> String {
    let version = String(cString: rd_kafka_version_str())
    if mechanism.uppercased().hasPrefix("SCRAM"), rd_kafka_version() < 0x0206_0100 {
      return
        "librdkafka before 2.6.1 (this is \(version)) cannot log in by SCRAM to Kafka 4, which says \"invalid credentials\": use a "
        + "newer librdkafka, PLAIN over TLS or a client certificate; with Kafka 3 check kafka.sasl.username and kafka.sasl.password"
    }
    return "check kafka.sasl.mechanism, kafka.sasl.username and kafka.sasl.password"
  }
}
