import Foundation
import LinkCore
import LinkCrypto
import LinkKafka
import LinkSandbox
import LinkTestSupport
import Testing

extension EndToEnd {
  @Suite struct AuditScaleTests {
    /// Requests of the test: 30 000, or what `AUDIT_REQUESTS` says.
    static let count = ProcessInfo.processInfo.environment["AUDIT_REQUESTS"].flatMap { Int($0) } ?? 30_000

    @Test("An audit keeps no values: its memory grows by less than 250 bytes a request")
    func memory() throws {
      let deployment = try Deployment(kafka: TestKafka.shared, adapterURL: "http://127.0.0.1:1")
      try deployment.write(Self.count)
      try deployment.resetOffsets(to: "latest")
      let began = uptime()
      let program = try deployment.start(["audit", "--json"])
      var peak = 0
      try awaiting("The audit's end", within: 600, state: { program.tail }) {
        peak = max(peak, try program.peakMemory())
        return !program.isRunning
      }
      let seconds = uptime() - began
      let report = try AuditReport(try program.end())
      #expect(report.isClean && report.total("links") == Int64(Self.count), "\(report)")
      print("audit of \(Self.count) requests: \(Int(seconds * 10)) tenths of a second, \(peak >> 10) KiB at most")
      // What the program, its clients and their queues take, and then 250 bytes each.
      #expect(peak < 100 << 20 + 250 * Self.count)
    }
  }
}

extension RunningProgram {
  /// The most resident memory that it has had, in bytes; 0 once it has ended.
  fileprivate func peakMemory() throws -> Int {
    let status = String(decoding: Scratch.bytes(of: "/proc/\(id)/status"), as: UTF8.self)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return (line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? 0) << 10
  }
}

extension Deployment {
  /// Writes so many requests, each with the state and the outcome that a worker would have left, outside of transactions.
  fileprivate func write(_ count: Int) throws {
    let events = EventWriter(
      groupID: group, instanceID: "worker-1", requestsTopic: topic(.requests), sha256: sha256,
      deadLetterMaxBytes: 1_000_000)
    let writers = try [TopicRole.requests, .state, .outcomes].map {
      (role: $0, writer: try KafkaStreamWriter(properties: properties, topic: topic($0)))
    }
    defer { for (_, writer) in writers { writer.close() } }
    var offsets: [Int32: Int64] = [:]
    let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    for number in 0..<count {
      let event = RequestEvent(
        id: "r\(number)", userID: Int64(number + 1), idempotencyKey: "k\(number)", accounts: [7],
        context: #"{"state":"b64-8f1","locale":"de"}"#)
      let home = HomePartition.of(userId: event.userID, partitionCount: partitions)
      let record = OutgoingRecord(
        topic: .requests, partition: home, key: Array("\(event.userID)".utf8), value: Array(event.structured.utf8),
        headers: [Header("content-type", "application/cloudevents+json")])
      let source = SourceRecord(
        partition: home, offset: offsets[home, default: 0], timestamp: now, key: record.key, value: record.value,
        headers: record.headers)
      offsets[home, default: 0] += 1
      guard case .link(let request) = RequestReader().read(source) else { throw Missing("A request") }
      let link = Link(
        key: request.key, fingerprint: request.fingerprint(sha256: sha256), state: .succeeded(at: now), request: nil,
        origin: .init(partition: home, offset: source.offset, timestamp: now), attemptCount: 1)
      let (key, value) = StateRecord.link(link).encoded()
      let outcome = events.tokenReady(
        link: link, request: request, token: Secret([UInt8](repeating: 0x78, count: 300)), issuedAt: now,
        expiresAt: now, decidedAt: now)
      let all = [record, OutgoingRecord(topic: .state, partition: home, key: key, value: value), outcome]
      for ((_, writer), record) in zip(writers, all) { try writer.put(record, tag: number) }
    }
    for (role, writer) in writers {
      try awaiting("The records of \(role.rawValue)", within: 120) {
        try writer.check(writer.poll(50))
        return writer.pendingCount == 0
      }
    }
  }
}

extension KafkaStreamWriter {
  /// Hands a record in as soon as there is room for it.
  fileprivate func put(_ record: OutgoingRecord, tag: Int) throws {
    while case .full = offer(record, tag: tag) { try check(poll(50)) }
    try check(poll(0))
  }

  fileprivate func check(_ deliveries: [Delivery]) throws {
    for case .lost(let failure, _) in deliveries.map(\.fate) { throw failure }
  }
}
