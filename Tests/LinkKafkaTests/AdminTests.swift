import LinkCore
import Testing

@testable import LinkKafka

@Suite(.enabled(if: Cluster.isAvailable, Cluster.reason), .serialized)
struct AdminTests {
  @Test("Topics made by plan are found as planned, and only what one broker cannot give is left to say")
  func createsByPlan() throws {
    let name = "plan\(UInt32.random(in: 0 ... .max))"
    let names = Dictionary(uniqueKeysWithValues: TopicRole.allCases.map { ($0, "\(name).\($0.rawValue)") })
    let admin = try KafkaAdmin(properties: try Cluster.properties())
    let all = Array(names.values)
    #expect(try admin.metadata(of: all).isEmpty)
    for plan in TopicPlan.all(names: names, partitions: 3, replication: 1) {
      try admin.create(
        topic: plan.name, partitions: plan.partitions, replication: plan.replication, settings: plan.settings)
    }
    let metadata = try admin.metadata(of: all)
    let settings = try admin.describe(topics: all)
    var found: [TopicRole: TopicDescription] = [:]
    for (role, name) in names {
      found[role] = metadata[name]
      found[role]?.settings = settings[name] ?? [:]
    }
    #expect(found.values.allSatisfy { $0.partitions == 3 && $0.replication == 1 })
    #expect(found[.state]?.settings["cleanup.policy"] == "compact")
    let findings = TopicPlan.check(names: names, found: found)
    #expect(findings.count == 4)
    #expect(findings.allSatisfy { !$0.forbidsRunning && $0.text.contains("kept on 1 broker(s)") })
  }

  @Test("A topic that exists, and a setting that does not, are refused by name")
  func refusals() throws {
    let realm = try Realm(partitions: 1)
    let admin = try KafkaAdmin(properties: realm.properties)
    let again = #expect(throws: KafkaFailure.self) { try admin.create(topic: realm.topic(.state), partitions: 1) }
    #expect(again?.name == "TOPIC_ALREADY_EXISTS")
    let unknown = #expect(throws: KafkaFailure.self) {
      try admin.create(topic: realm.name + ".x", partitions: 1, settings: ["no.such.setting": "1"])
    }
    #expect(unknown?.detail.contains("no.such.setting") == true)
  }

  @Test("A broker that nobody answers for is told from one without the topic")
  func unreachable() throws {
    let admin = try KafkaAdmin(properties: KafkaProperties(["bootstrap.servers": "127.0.0.1:1"]))
    let failure = #expect(throws: KafkaFailure.self) { try admin.metadata(of: ["t"], timeout: 1_500) }
    #expect(failure?.hint != nil)
  }
}
