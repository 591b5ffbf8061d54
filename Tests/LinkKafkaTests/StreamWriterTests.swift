import LinkCore
import LinkSandbox
import Testing

@testable import LinkKafka

@Suite struct StreamWriterTests {
  @Test("A stream writer takes no more than its bound while Kafka is away, and tells of each that it was never written")
  func bound() throws {
    let writer = try KafkaStreamWriter(
      properties: KafkaProperties(["bootstrap.servers": "127.0.0.1:1"]), topic: "requests")
    let record = OutgoingRecord(topic: .requests, partition: 0, key: [1], value: [2, 3])
    for tag in 1...KafkaStreamWriter.recordLimit {
      guard case .accepted = writer.offer(record, tag: tag) else { throw Unexpected("record \(tag) was not accepted") }
    }
    guard case .full = writer.offer(record, tag: 0) else { throw Unexpected("there is room above the bound") }
    writer.abandon()
    var lost: [Int] = []
    let deadline = Uptime.now() + 30_000
    while writer.pendingCount > 0, Uptime.now() < deadline {
      for delivery in writer.poll(50) {
        guard case .lost(_, mayBeWritten: false) = delivery.fate else { throw Unexpected("\(delivery)") }
        lost.append(delivery.tag)
      }
    }
    #expect(lost.sorted() == Array(1...KafkaStreamWriter.recordLimit))
    writer.close()
  }

  @Test("Its bytes are bounded as well, and there is room again for each record that Kafka has")
  func bytes() throws {
    let broker = try EmbeddedBroker(topics: [("requests", 1)])
    defer { broker.stop() }
    let writer = try KafkaStreamWriter(
      properties: KafkaProperties(["bootstrap.servers": broker.bootstrap]), topic: "requests")
    defer { writer.close() }
    let record = OutgoingRecord(
      topic: .requests, partition: 0, key: nil, value: [UInt8](repeating: 0x78, count: 500_000))
    var written: [Int] = []
    var peak = 0
    let deadline = Uptime.now() + 30_000
    for tag in 1...200 {
      while case .full = writer.offer(record, tag: tag), Uptime.now() < deadline { take(writer.poll(50), &written) }
      peak = max(peak, writer.pendingCount)
    }
    while writer.pendingCount > 0, Uptime.now() < deadline { take(writer.poll(50), &written) }
    #expect(written == Array(1...200))
    #expect(peak <= KafkaStreamWriter.byteLimit / 500_000 + 1)
  }

  private func take(_ deliveries: [KafkaStreamWriter.Delivery], _ written: inout [Int]) {
    for delivery in deliveries {
      if case .written = delivery.fate { written.append(delivery.tag) }
    }
  }

  private struct Unexpected: Error {
    var what: String

    init(_ what: String) { self.what = what }
  }
}
