import CRdKafka
import LinkCore
import LinkSandbox
import Synchronization
import Testing

@testable import LinkKafka

@Suite(.enabled(if: Cluster.isAvailable, Cluster.reason), .serialized)
struct AuthorizationTests {
  @Test(
    "Without permission on one topic only the decisions that write there are refused, and with it all is well again")
  func refusesByTopic() throws {
    let kafka = try Cluster.startWithRules()
    let realm = try Realm(partitions: 1, properties: KafkaProperties(["bootstrap.servers": kafka.bootstrap]))
    let member = try Member(realm)
    let group = try member.group()
    let lines = Mutex<[String]>([])
    var properties = realm.properties
    properties.log = { _, facility, text in lines.withLock { $0.append("\(facility) \(text)") } }
    let publisher = try realm.publisher(properties: properties)
    try publisher.prepare()
    let letters = realm.topic(.deadLetters)
    try allow(letters, RD_KAFKA_ACL_OPERATION_DESCRIBE, realm)

    let letter = OutgoingRecord(topic: .deadLetters, key: nil, value: [1])
    let decisions = [
      BatchedDecision(id: 1, partition: 0, records: [.outcome("a")], state: []),
      BatchedDecision(id: 2, partition: 0, records: [letter], state: []),
    ]
    let batch = Batch(id: 9, decisions: decisions, offsets: [0: 2])
    let result = publisher.commit(batch, group: group)
    guard case .refused(let refused) = result else {
      throw Missing(what: "a refusal, not \(result) \(lines.withLock { $0 })")
    }
    #expect(refused.keys.sorted() == [2])
    #expect(refused[2]?.contains(letters) == true)
    #expect(refused[2]?.contains("TOPIC_AUTHORIZATION_FAILED") == true)
    #expect(publisher.commit(Batch(id: 10, decisions: [decisions[0]], offsets: [0: 1]), group: group).stateEnds != nil)

    try allow(letters, RD_KAFKA_ACL_OPERATION_ALL, realm)
    #expect(publisher.commit(batch, group: group).stateEnds != nil)
    #expect(try realm.records(.deadLetters).count == 1)
    #expect(try realm.records(.outcomes).count == 2)
  }

  /// Once a topic has any rule, only what rules allow is permitted there.
  private func allow(_ topic: String, _ operation: rd_kafka_AclOperation_t, _ realm: Realm) throws {
    let handle = try KafkaHandle(realm.properties, .admin)
    var text = ErrorText()
    let rule = text.fill {
      rd_kafka_AclBinding_new(
        RD_KAFKA_RESOURCE_TOPIC, topic, RD_KAFKA_RESOURCE_PATTERN_LITERAL, "User:ANONYMOUS", "*", operation,
        RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW, $0, $1)
    }
    defer { rd_kafka_AclBinding_destroy(rule) }
    let queue = rd_kafka_queue_new(handle.client)
    defer { rd_kafka_queue_destroy(queue) }
    var rules: [OpaquePointer?] = [rule]
    rd_kafka_CreateAcls(handle.client, &rules, 1, nil, queue)
    let event = try #require(rd_kafka_queue_poll(queue, 10_000))
    defer { rd_kafka_event_destroy(event) }
    #expect(rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR)
  }
}
