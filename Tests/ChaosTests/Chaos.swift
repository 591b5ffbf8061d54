import LinkTestSupport
import Testing

/// Faults on a real Kafka: the rows of `rows.md` that no other test target proves. One test runs at a time: each has several processes of its own.
@Suite(.serialized, .enabled(if: TestKafka.isAvailable, "KAFKA_HOME is not set"))
enum Chaos {}
