import LinkCore
import LinkSandbox
import Testing

@testable import LinkKafka

/// Partitions that get another leader, before brokers inside this process.
@Suite struct LeaderTests {
  @Test(
    "Who asks for the ends of a partition finds its new leader, though the old one is still there and only says that it is none"
  )
  func moves() throws {
    let broker = try EmbeddedBroker(topics: [("state", 1), ("requests", 1)], count: 2)
    defer { broker.stop() }
    let reader = try StateReader(
      properties: KafkaProperties(["bootstrap.servers": broker.bootstrap]), groupID: "group", requestsTopic: "requests",
      stateTopic: "state")
    defer { reader.close() }
    for leader: Int32 in [1, 2, 1] {
      for topic in ["state", "requests"] { try broker.lead(topic: topic, partition: 0, by: leader) }
      #expect(try reader.end(partition: 0) == 0)
      #expect(try reader.watermarks(partition: 0) == (0, 0))
      #expect(try reader.stableEnd(of: "state", partition: 0) == 0)
    }
  }
}
