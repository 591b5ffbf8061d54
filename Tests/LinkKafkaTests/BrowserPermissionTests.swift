import CRdKafka
import LinkCore
import LinkSandbox
import Testing

@testable import LinkKafka

@Suite(.enabled(if: Cluster.isAvailable, Cluster.reason))
struct BrowserPermissionTests {
  @Test("A browser needs no permission on any group: it has a group's name alone")
  func group() throws {
    let kafka = try Cluster.startWithRules()
    let realm = try Realm(partitions: 1, properties: KafkaProperties(["bootstrap.servers": kafka.bootstrap]))
    // Once a resource has any rule, only what rules allow is permitted there: here, nothing to this client.
    try allow("User:other", onGroup: "linkworker-browser", realm)
    try realm.request(["one"])
    let browser = try KafkaBrowser(properties: realm.properties)
    var read = 0
    try browser.read(topic: realm.topic(.requests), from: [0: 0]) { _ in
      read += 1
      return true
    }
    var followed = 0
    try browser.follow([realm.topic(.requests): 1], isDone: { followed > 0 }) { _, _ in followed += 1 }
    #expect(read == 1 && followed == 1)
  }

  private func allow(_ principal: String, onGroup group: String, _ realm: Realm) throws {
    let handle = try KafkaHandle(realm.properties, .admin)
    var text = ErrorText()
    let rule = text.fill {
      rd_kafka_AclBinding_new(
        RD_KAFKA_RESOURCE_GROUP, group, RD_KAFKA_RESOURCE_PATTERN_LITERAL, principal, "*",
        RD_KAFKA_ACL_OPERATION_READ, RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW, $0, $1)
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
