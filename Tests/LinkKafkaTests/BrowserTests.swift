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

  @Test("A reading up to given ends stops before the next record, and also behind an open transaction")
  func stops() throws {
    let realm = try Realm(partitions: 1)
    try realm.request(["a", "b", "c"])
    let browser = try KafkaBrowser(properties: realm.properties)
    var count = 0
    try browser.read(topic: realm.topic(.requests), to: [0: 3], isStopped: { count == 2 }) { _ in count += 1 }
    #expect(count == 2)
    let open = try OpenTransaction(realm, "hanging")
    try open.writeState(.identity(partition: 0, Identity(high: 0, low: 1)))
    var asked = 0
    func isStopped() -> Bool {
      asked += 1
      return asked > 3
    }
    try browser.read(topic: realm.topic(.state), to: [0: 1], isStopped: isStopped) { _ in Issue.record("it is open") }
    #expect(asked == 4)
    try open.abort()
  }
}
