import CRdKafka
import LinkCore
import Testing

@testable import LinkKafka

@Suite(.enabled(if: Cluster.isAvailable, Cluster.reason), .serialized)
struct StateReaderTests {
  private static func identity(_ low: UInt64, partition: Int32 = 0) -> StateRecord {
    .identity(partition: partition, Identity(high: 0, low: low))
  }

  @Test("The state is read to its true end, behind the markers of commits and aborts, several partitions at once")
  func readsToTheEnd() throws {
    let realm = try Realm(partitions: 2)
    let member = try Member(realm)
    let publisher = try realm.publisher()
    let group = try member.group()
    for count in 1...3 {
      for partition in Int32(0)...1 {
        let batch = Batch(
          state: [Self.identity(UInt64(count), partition: partition)], partition: partition, offsets: [partition: 1])
        #expect(publisher.commit(batch, group: group).stateEnds != nil)
      }
    }
    // An aborted one comes last: its records and its marker stand before the end, and are not to be seen.
    let open = try OpenTransaction(realm, "aborting")
    try open.writeState(Self.identity(99))
    try open.abort()

    let reader = try realm.reader()
    let ends: [Int32: Int64] = [0: 8, 1: 6]
    // An end is answered before its markers are written.
    try awaiting("The markers") { try ends.allSatisfy { try reader.end(partition: $0.key) == $0.value } }
    var found: [Int32: [StateEntry]] = [:]
    #expect(try reader.read(from: [0: 0, 1: 0], to: ends) { found[$0, default: []] += $1 })
    #expect(found[0]?.map(\.offset) == [0, 2, 4])
    #expect(found[1]?.map(\.offset) == [0, 2, 4])
    #expect(found[0]?.last?.value == Self.identity(3).encoded().value)

    var tail: [Int64] = []
    #expect(try reader.read(from: [0: 3, 1: 6], to: ends) { tail += $1.map(\.offset) })
    #expect(tail == [4])
    #expect(try reader.entry(partition: 0, offset: 2)?.value == Self.identity(2).encoded().value)
    #expect(try reader.entry(partition: 0, offset: 3) == nil)
    #expect(try reader.entry(partition: 0, offset: 6) == nil)
    #expect(try reader.entry(partition: 0, offset: 800) == nil)
    #expect(try !reader.clusterID().isEmpty)
  }

  @Test(
    "A fresh reader has the cluster's id and its first records at once, not at librdkafka's next look a second later")
  func readsAtOnce() throws {
    let realm = try Realm(partitions: 1)
    try KafkaWriter(properties: realm.properties, topics: realm.topics).write(
      [OutgoingRecord(topic: .state, partition: 0, key: [1], value: [2])])
    // The best of three: the machine may be busy, but a wait of a second would be there every time.
    let took = try (1...3).map { _ in
      let began = Uptime.now()
      let reader = try realm.reader()
      defer { reader.close() }
      #expect(try !reader.clusterID().isEmpty)
      var offsets: [Int64] = []
      #expect(try reader.read(from: [0: 0], to: [0: 1]) { offsets += $1.map(\.offset) })
      #expect(offsets == [0])
      return Uptime.now() - began
    }
    #expect((took.min() ?? .max) < 800, "milliseconds: \(took)")
  }

  @Test("An empty partition is at its end at once")
  func readsNothing() throws {
    let realm = try Realm(partitions: 1)
    let reader = try realm.reader()
    let end = try reader.end(partition: 0)
    #expect(end == 0)
    #expect(try reader.read(from: [0: 0], to: [0: end]) { _, _ in Issue.record("nothing is there") })
  }

  @Test("Behind an open transaction the restore waits, says so, and goes on when it ends")
  func waitsForOpenTransaction() throws {
    let realm = try Realm(partitions: 1)
    let open = try OpenTransaction(realm, "hanging")
    try open.writeState(Self.identity(5))
    let reader = try realm.reader()
    let end = try reader.end(partition: 0)
    #expect(end == 1)
    var stuck: [StateReader.Stuck] = []
    var found: [StateEntry] = []
    let isWhole = try reader.read(
      from: [0: 0], to: [0: end], stuckAfter: 400,
      onStuck: {
        stuck.append($0)
        if stuck.count == 2 { try? open.commit() }
      }
    ) { found += $1 }
    #expect(isWhole)
    #expect(stuck.count >= 2)
    #expect(stuck.first == StateReader.Stuck(partition: 0, position: 0, end: 1, topic: realm.topic(.state)))
    #expect(found.map(\.offset) == [0])
  }

  @Test("A restore that is cancelled ends without having reached its end")
  func cancels() throws {
    let realm = try Realm(partitions: 1)
    let open = try OpenTransaction(realm, "hanging")
    try open.writeState(Self.identity(5))
    var asked = 0
    let isWhole = try realm.reader().read(
      from: [0: 0], to: [0: 1],
      isCancelled: {
        asked += 1
        return asked > 3
      }
    ) { _, _ in }
    #expect(!isWhole)
    try open.abort()
  }

  @Test("Committed offsets that an open transaction makes unstable are waited for, never answered with the old ones")
  func waitsForStableOffsets() throws {
    let realm = try Realm(partitions: 1)
    let member = try Member(realm)
    #expect(try realm.publisher().commit(Batch(offsets: [0: 1]), group: try member.group()).stateEnds != nil)
    let open = try OpenTransaction(realm, "pending")
    try open.sendOffset(2, group: try member.group())
    let reader = try realm.reader()
    let failure = #expect(throws: KafkaFailure.self) { try reader.committedOffsets(partitions: [0], timeout: 500) }
    #expect(failure?.hint?.contains("open transaction") == true)
    var waits = 0
    let offsets = try reader.committedOffsets(
      partitions: [0], timeout: 30_000,
      onWait: { _ in
        waits += 1
        try? open.commit()
      })
    #expect(offsets == [0: 2])
    #expect(waits >= 1)
  }

  @Test("Without any commit there is no offset, and the watermarks tell where the requests begin and end")
  func nothingCommitted() throws {
    let realm = try Realm(partitions: 1)
    try realm.request(["a", "b"])
    let reader = try realm.reader()
    #expect(try reader.committedOffsets(partitions: [0], timeout: 20_000) == [:])
    #expect(try reader.watermarks(partition: 0) == (0, 2))
  }

  @Test("A start that the log no longer, or not yet, has fails by name")
  func startOutsideTheLog() throws {
    let realm = try Realm(partitions: 1)
    let reader = try realm.reader()
    let failure = #expect(throws: KafkaFailure.self) { _ = try reader.read(from: [0: 7], to: [0: 9]) { _, _ in } }
    #expect(failure?.partition == 0)
    #expect(failure?.name == "_AUTO_OFFSET_RESET")
  }
}

/// A transaction that stays open until the test ends it.
final class OpenTransaction {
  private let producer: Producer
  private let realm: Realm

  init(_ realm: Realm, _ name: String) throws {
    self.realm = realm
    producer = try Producer(
      realm.properties, transactionalID: "\(realm.name).\(name)", topics: realm.topics, transactionTimeout: 60_000,
      deadline: Uptime.now() + 20_000)
    try check(rd_kafka_begin_transaction(producer.handle.client))
  }

  func writeState(_ record: StateRecord, partition: Int32 = 0) throws {
    let (key, value) = record.encoded()
    let outgoing = OutgoingRecord(topic: .state, partition: partition, key: key, value: value)
    #expect(producer.produce(outgoing, index: 0) == RD_KAFKA_RESP_ERR_NO_ERROR)
    #expect(rd_kafka_flush(producer.handle.client, 10_000) == RD_KAFKA_RESP_ERR_NO_ERROR)
  }

  func sendOffset(_ offset: Int64, group: GroupMetadata) throws {
    let list = PartitionList(realm.topic(.requests), [(partition: 0, offset: offset)])
    try check(rd_kafka_send_offsets_to_transaction(producer.handle.client, list.pointer, group.pointer, 10_000))
  }

  func commit() throws { try check(rd_kafka_commit_transaction(producer.handle.client, 10_000)) }

  func abort() throws { try check(rd_kafka_abort_transaction(producer.handle.client, 10_000)) }

  private func check(_ error: OpaquePointer?) throws {
    if let error { throw KafkaFailure("go on with", "an open transaction", consuming: error) }
  }
}
