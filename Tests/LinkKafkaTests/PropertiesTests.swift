import CRdKafka
import Testing

@testable import LinkKafka

@Suite struct PropertiesTests {
  @Test("Each property that the protocol owns is refused by name", arguments: KafkaProperties.ownedByProtocol)
  func ownedProperty(_ name: String) {
    let failure = #expect(throws: KafkaFailure.self) { try KafkaProperties([name: "x"]).validate() }
    #expect(failure?.subject == "kafka.\(name)")
  }

  @Test("An unknown property and a bad value are refused by name")
  func badProperty() {
    let unknown = #expect(throws: KafkaFailure.self) { try KafkaProperties(["no.such": "1"]).validate() }
    #expect(unknown?.subject == "kafka.no.such")
    let bad = #expect(throws: KafkaFailure.self) { try KafkaProperties(["session.timeout.ms": "soon"]).validate() }
    #expect(bad?.subject == "kafka.session.timeout.ms")
  }

  @Test("Each property that librdkafka does not take is told, not the first alone")
  func allFaults() {
    let properties = KafkaProperties([
      "session.timeout.ms": "soon", "no.such": "1", "fetch.min.bytes": "x", "client.id": "fine",
    ])
    let subjects = properties.faults().map(\.subject)
    #expect(subjects == ["kafka.fetch.min.bytes", "kafka.no.such", "kafka.session.timeout.ms"])
  }

  @Test("A certificate that is not trusted is told apart from a broker that is away")
  func distrust() {
    let untrusted = "ssl://x:1/bootstrap: SSL handshake failed: error:0A000086:SSL routines::certificate verify failed"
    #expect(KafkaFailure("reach", "Kafka", code: -181, detail: untrusted).isDistrust)
    #expect(KafkaFailure("reach", "Kafka", code: -195, detail: "SSL alert certificate required").isDistrust)
    #expect(!KafkaFailure("reach", "Kafka", code: -181, detail: "SSL handshake failed: Disconnected").isDistrust)
  }

  @Test("librdkafka's own table tells each property's name, and its words where it takes words")
  func libraryProperties() {
    let properties = KafkaProperties.libraryProperties()
    #expect(properties.count > 150 && KafkaProperties.libraryNames() == properties.keys.sorted())
    #expect(properties["security.protocol"] == ["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"])
    #expect(properties["enable.ssl.certificate.verification"] == ["true", "false"])
    #expect(properties["session.timeout.ms"] == [] && properties["client.rack"] == [])
    #expect(properties["Property"] == nil)
  }

  @Test("Properties of consumers and of producers are taken together")
  func mixedProperties() throws {
    try KafkaProperties(["fetch.min.bytes": "1", "compression.type": "lz4", "group.instance.id": "a"]).validate()
  }

  @Test("Batches of both kinds of producers are small enough for a topic with a low limit")
  func batches() throws {
    for role in [KafkaProperties.Role.writer, .producer(transactionalID: "t", transactionTimeout: 10_000)] {
      let configuration = try KafkaProperties([:]).configuration(for: role)
      defer { rd_kafka_conf_destroy(configuration) }
      var text = ErrorText()
      var size = 64
      let result = text.fill { buffer, _ in rd_kafka_conf_get(configuration, "batch.size", buffer, &size) }
      #expect(result == RD_KAFKA_CONF_OK)
      #expect(text.text == "65536")
    }
  }

  @Test("No secret is in any message")
  func redaction() {
    let properties = KafkaProperties(["sasl.password": "hunter22", "ssl.key.password": "other-secret"])
    #expect(properties.redacted("a hunter22 b hunter22 c other-secret") == "a <secret> b <secret> c <secret>")
  }

  @Test("SCRAM on a librdkafka that cannot do it with Kafka 4 is said; other mechanisms get the plain advice")
  func scramHint() {
    let failure = KafkaFailure("reach", "Kafka", code: -169)
    #expect(failure.name == "_AUTHENTICATION")
    #expect(failure.hinted(mechanism: "PLAIN").hint?.contains("kafka.sasl.password") == true)
    #expect(failure.hinted(mechanism: "SCRAM-SHA-256").hint != nil)
  }

  @Test("A failure says operation, subject, cause and what to try")
  func description() {
    let failure = KafkaFailure("read", "topic t", code: 29, hint: "ask")
    #expect(
      failure.description
        == "cannot read topic t: Broker: Topic authorization failed (TOPIC_AUTHORIZATION_FAILED). Try: ask")
  }
}
