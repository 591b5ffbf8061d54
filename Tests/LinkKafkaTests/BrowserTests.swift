import LinkCore
import Testing

@testable import LinkKafka

@Suite(.enabled(if: Cluster.isAvailable, Cluster.reason))
struct BrowserTests {
  @Test(
    "Following brings what is there, what comes, and what is left when it ends, each record once and of several topics")
  func follows() throws {
    let realm = try Realm(partitions: 2)
    let writer = try KafkaWriter(properties: realm.properties, topics: realm.topics)
    func write(_ role: TopicRole, _ text: String, _ partition: Int32) throws {
      try writer.write([OutgoingRecord(topic: role, partition: partition, key: nil, value: Array(text.utf8))])
    }
    try write(.requests, "there", 0)
    var isDone = false
    var found: [String] = []
    try KafkaBrowser(properties: realm.properties).follow(
      [realm.topic(.requests): 2, realm.topic(.outcomes): 2], isDone: { isDone }
    ) { topic, record in
      let text = String(decoding: record.value ?? [], as: UTF8.self)
      #expect(topic == realm.topic(text == "there" ? .requests : .outcomes))
      found.append(text)
      switch text {
      case "there": try write(.outcomes, "came", 1)
      case "came":
        isDone = true
        try write(.outcomes, "left", 0)
        try write(.outcomes, "left", 1)
      default: break
      }
    }
    #expect(found == ["there", "came", "left", "left"])
  }

  @Test("Following does not see what was aborted")
  func followsCommitted() throws {
    let realm = try Realm(partitions: 1)
    let open = try OpenTransaction(realm, "aborting")
    try open.writeState(.identity(partition: 0, Identity(high: 0, low: 1)))
    try open.abort()
    try realm.request(["committed"])
    var isDone = false
    var found: [String] = []
    try KafkaBrowser(properties: realm.properties).follow(
      [realm.topic(.state): 1, realm.topic(.requests): 1], isDone: { isDone }
    ) { topic, _ in
      found.append(topic)
      isDone = true
    }
    #expect(found == [realm.topic(.requests)])
  }
}
