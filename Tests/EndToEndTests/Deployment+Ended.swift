import Foundation
import LinkCore
import LinkCrypto
import LinkKafka
import LinkTestSupport

extension Deployment {
  /// Writes so many requests of as many users, each with the state and the outcome that a worker would have left, outside of transactions.
  ///
  /// - Parameter isFailed: Of which numbers, from 0 on, the links have failed by their deadline; the others have their token.
  func writeEnded(_ count: Int, isFailed: (Int) -> Bool = { _ in false }) throws {
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
      let hasFailed = isFailed(number)
      let link = Link(
        key: request.key, fingerprint: request.fingerprint(sha256: sha256),
        state: hasFailed ? .failed(at: now, code: .deadlineExceeded) : .succeeded(at: now),
        request: hasFailed ? request : nil,
        origin: .init(partition: home, offset: source.offset, timestamp: now), attemptCount: 1)
      let (key, value) = StateRecord.link(link).encoded()
      let outcome =
        hasFailed
        ? events.failed(
          link: link, request: request, error: EventError(failure: .deadlineExceeded), decidedAt: now)
        : events.tokenReady(
          link: link, request: request, token: Secret([UInt8](repeating: 0x78, count: 300)), issuedAt: now,
          expiresAt: now, decidedAt: now)
      let all = [record, OutgoingRecord(topic: .state, partition: home, key: key, value: value), outcome]
      for ((_, writer), record) in zip(writers, all) { try writer.put(record, tag: number) }
    }
    for (role, writer) in writers {
      try awaiting("The records of \(role.rawValue)", within: 300) {
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
