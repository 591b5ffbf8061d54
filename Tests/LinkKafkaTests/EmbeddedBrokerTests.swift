import LinkCore
import LinkSandbox
import Testing

@testable import LinkKafka

@Suite struct EmbeddedBrokerTests {
  @Test("The embedded broker carries a request from a writer to a member of the group, without Java")
  func carries() throws {
    let broker = try EmbeddedBroker(topics: [("requests", 3)])
    let properties = KafkaProperties(["bootstrap.servers": broker.bootstrap, "fetch.wait.max.ms": "10"])
    let record = OutgoingRecord(topic: .requests, partition: 2, key: nil, value: [1, 2, 3])
    try KafkaWriter(properties: properties, topics: [.requests: "requests"]).write([record])
    let consumer = try KafkaConsumer(properties: properties, groupID: "g", topic: "requests")
    try consumer.subscribe()
    var starts: [Int32]?
    consumer.onAssign = { starts = $0 }
    var found: SourceRecord?
    let deadline = Uptime.now() + 30_000
    while found == nil, Uptime.now() < deadline {
      if case .record(let record)? = consumer.poll(timeoutMilliseconds: 50) { found = record }
      for partition in starts ?? [] { try consumer.start(partition: partition, at: 0) }
      starts = nil
    }
    #expect(found?.value == [1, 2, 3])
    #expect(found?.partition == 2)
    consumer.close()
    broker.stop()
  }

  @Test("A publisher commits a batch on the embedded broker")
  func commits() throws {
    let names = Dictionary(uniqueKeysWithValues: TopicRole.allCases.map { ($0, $0.rawValue) })
    let broker = try EmbeddedBroker(topics: names.values.map { ($0, 1) })
    let properties = KafkaProperties(["bootstrap.servers": broker.bootstrap])
    let consumer = try KafkaConsumer(properties: properties, groupID: "g", topic: "requests")
    var isAssigned = false
    consumer.onAssign = { _ in isAssigned = true }
    try consumer.subscribe()
    try awaiting("an assignment") {
      _ = consumer.poll(timeoutMilliseconds: 50)
      return isAssigned
    }
    let publisher = try TransactionalPublisher(properties: properties, transactionalID: "t", topics: names)
    let batch = Batch([.outcome("x")], state: [.identity(partition: 0, Identity(high: 1, low: 1))], offsets: [0: 1])
    #expect(publisher.commit(batch, group: try #require(consumer.groupMetadata())).stateEnds == [0: 1])
    publisher.close()
    consumer.close()
    broker.stop()
  }
}
