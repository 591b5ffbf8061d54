import Dispatch
import Glibc
import LinkCore
import Synchronization
import Testing

@testable import LinkKafka

@Suite(.enabled(if: Cluster.isAvailable, Cluster.reason), .serialized)
struct ConsumerTests {
  @Test("Nothing is delivered before a partition is started, and then exactly from the offset on")
  func startsExactly() throws {
    let realm = try Realm()
    try realm.request((0..<10).map { "a\($0)" }, partition: 0)
    try realm.request((0..<10).map { "b\($0)" }, partition: 1)
    let member = try Member(realm)
    #expect(member.assigned == [0, 1])
    for _ in 0..<10 { #expect(try member.next() == nil) }

    try member.consumer.start(partition: 1, at: 7)
    #expect(try member.values(upToEndOf: 1) == ["b7", "b8", "b9"])
    try member.consumer.start(partition: 0, at: 0)
    #expect(try member.values(upToEndOf: 0) == (0..<10).map { "a\($0)" })
    member.consumer.close()
    #expect(member.revoked.map(\.partitions) == [[0, 1]])
  }

  @Test("A partition started at its end says so, and delivers what comes later")
  func startsAtTheEnd() throws {
    let realm = try Realm()
    try realm.request(["x", "y"])
    let member = try Member(realm)
    try member.consumer.start(partition: 0, at: 2)
    #expect(try member.values(upToEndOf: 0) == [])
    try realm.request(["z"])
    #expect(try member.values(upToEndOf: 0) == ["z"])
    #expect(member.consumer.watermarks(partition: 0)?.high == 3)
  }

  @Test("A partition started beyond the log fails by name, and the others go on")
  func offsetOutOfRange() throws {
    let realm = try Realm()
    try realm.request(["x"], partition: 1)
    let member = try Member(realm)
    try member.consumer.start(partition: 0, at: 50)
    let failure = #expect(throws: KafkaFailure.self) { try member.values(upToEndOf: 0) }
    #expect(failure?.partition == 0)
    #expect(failure?.name == "_AUTO_OFFSET_RESET")
    #expect(failure?.isFatal == false)
    try member.consumer.start(partition: 1, at: 0)
    #expect(try member.values(upToEndOf: 1) == ["x"])
  }

  @Test("Pausing and resuming at any moment neither loses nor repeats a record", arguments: [0, 1, 40])
  func pauses(afterRecords count: Int) throws {
    let realm = try Realm(partitions: 1)
    let all = (0..<200).map { "r\($0)" }
    try realm.request(all)
    let member = try Member(realm)
    try member.consumer.start(partition: 0, at: 0)
    // Fetched, so that records are on their way, but none consumed yet.
    try awaiting("a fetch") { member.consumer.watermarks(partition: 0)?.high == 200 }
    var values: [String] = []
    while values.count < count {
      if case .record(let record)? = try member.next() {
        values.append(String(decoding: record.value ?? [], as: UTF8.self))
      }
    }
    try member.consumer.pause([0])
    for _ in 0..<5 { #expect(try member.next() == nil) }
    try member.consumer.resume([0])
    values += try member.values(upToEndOf: 0)
    #expect(values == all)
  }

  @Test("Resuming a partition that was never started leaves it silent")
  func resumesOnlyWhatWasPaused() throws {
    let realm = try Realm(partitions: 1)
    try realm.request(["x"])
    let member = try Member(realm)
    try member.consumer.resume([0])
    for _ in 0..<10 { #expect(try member.next() == nil) }
  }

  @Test("A null key or value is told from an empty one, and headers keep their bytes and order")
  func fidelity() throws {
    let realm = try Realm(partitions: 1)
    // Older than its topic keeps, a record may be deleted at any moment.
    let anHourAgo = Timestamp(milliseconds: Int64(time(nil)) * 1_000 - 3_600_123)
    let headers = [
      Header(name: Array("a".utf8), value: [0, 255, 10]), Header(name: Array("a".utf8), value: nil),
      Header(name: Array("b".utf8), value: []),
    ]
    let written = [
      OutgoingRecord(topic: .requests, partition: 0, key: nil, value: [], headers: headers),
      OutgoingRecord(topic: .requests, partition: 0, key: [], value: nil),
      OutgoingRecord(
        topic: .requests, partition: 0, key: [0, 1], value: [2], timestamp: anHourAgo),
    ]
    try KafkaWriter(properties: realm.properties, topics: realm.topics).write(written)
    let member = try Member(realm)
    try member.consumer.start(partition: 0, at: 0)
    var read: [SourceRecord] = []
    while read.count < 3 { if case .record(let record)? = try member.next() { read.append(record) } }
    #expect(read.map(\.key) == written.map(\.key))
    #expect(read.map(\.value) == written.map(\.value))
    #expect(read[0].headers == headers)
    #expect(read[2].timestamp == anHourAgo)
    #expect(read.map(\.offset) == [0, 1, 2])
  }

  @Test("A poll that waits ends when another thread wakes it")
  func wakes() async throws {
    let realm = try Realm(partitions: 1)
    let member = try Member(realm)
    let waker = member.consumer.waker
    let began = Uptime.now()
    async let woken: Void = Task.detached { waker.wake() }.value
    #expect(member.consumer.poll(timeoutMilliseconds: 20_000) == nil)
    await woken
    #expect(Uptime.now() - began < 10_000)
    member.consumer.close()
    waker.wake()
  }

  @Test("A consumer that is woken all the while it is closed is closed all the same")
  func wokenWhileClosing() throws {
    let realm = try Realm(partitions: 1)
    let member = try Member(realm)
    // Used by the other thread alone from here on.
    nonisolated(unsafe) let consumer = member.consumer
    let waker = consumer.waker
    let isClosed = Mutex(false)
    DispatchQueue.global().async { while !isClosed.withLock({ $0 }) { waker.wake() } }
    DispatchQueue.global().async {
      consumer.close()
      isClosed.withLock { $0 = true }
    }
    // Without an end it would wait for ever.
    try awaiting("The end of the closing", within: 60_000) { isClosed.withLock { $0 } }
  }

  @Test("Group metadata tells generation and member, and is nil before joining and after leaving")
  func groupMetadata() throws {
    let realm = try Realm(partitions: 1)
    let consumer = try realm.consumer()
    #expect(consumer.groupMetadata() == nil)
    let member = try Member(realm)
    let group = try member.group()
    #expect(group.generation >= 1)
    #expect(group.memberID == member.consumer.memberID)
    #expect(GroupMetadata.formIsKnown())
    let written = try #require(GroupMetadata.readWritten(group.pointer))
    #expect(written == (group.generation, group.memberID))
  }

  @Test("A second static member with the same instance id fences the first for good")
  func fencedInstance() throws {
    let realm = try Realm(partitions: 1)
    let first = try Member(realm, ["group.instance.id": "same"])
    let second = try Member(realm, ["group.instance.id": "same"])
    let failure = #expect(throws: KafkaFailure.self) { try first.expect("fencing") { false } }
    #expect(failure?.isFatal == true)
    #expect(failure?.name == "FENCED_INSTANCE_ID")
    #expect(second.assigned == [0])
  }

  @Test("Partitions move to a second member only after the first was told to give them up, and start anew there")
  func rebalances() throws {
    let realm = try Realm(partitions: 2)
    try realm.request(["a"], partition: 0)
    try realm.request(["b"], partition: 1)
    let first = try Member(realm)
    try first.consumer.start(partition: 0, at: 0)
    try first.consumer.start(partition: 1, at: 0)
    first.assigned = nil
    let second = try realm.consumer()
    var taken: [Int32]?
    second.onAssign = { taken = $0 }
    try second.subscribe()
    try first.expect("the rebalance") {
      _ = second.poll(timeoutMilliseconds: 10)
      return taken != nil && first.assigned != nil
    }
    #expect(first.revoked.map(\.partitions) == [[0, 1]])
    #expect(first.revoked.map(\.lost) == [false])
    let kept = try #require(first.assigned?.first)
    for _ in 0..<10 { #expect(try first.next() == nil) }
    try first.consumer.start(partition: kept, at: 0)
    #expect(try first.values(upToEndOf: kept) == [kept == 0 ? "a" : "b"])
  }
}
