import LinkTestSupport
import Testing

/// Tests of the built binary on a real Kafka. One runs at a time: each has several processes of its own.
@Suite(.serialized, .enabled(if: TestKafka.isAvailable, "KAFKA_HOME is not set"))
enum EndToEnd {}
