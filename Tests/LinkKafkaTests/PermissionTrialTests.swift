import LinkCore
import LinkTestSupport
import Testing

@testable import LinkKafka

/// On a Kafka with access rules: what may be done is found out, and nothing is done.
@Suite(.enabled(if: Cluster.isAvailable, Cluster.reason), .serialized)
struct PermissionTrialTests {
  @Test("Each permission that is missing is found, one that is there is found too, and no trial leaves a trace")
  func trials() throws {
    let kafka = try SecureKafka.shared
    let realm = try Realm(properties: TestKafka.properties(kafka.kafka))
    let (requests, state, outcomes) = (realm.topic(.requests), realm.topic(.state), realm.topic(.outcomes))
    try kafka.allow([.init(.topic, requests, .write), .init(.topic, state, .read)], to: user)
    let before = try ends(realm)

    let began = Uptime.now()
    let some = try PermissionTrial(properties: worker(kafka), groupID: realm.group)
    #expect(some.write(topics: [requests, state]) == [requests: .allowed, state: .refused])
    #expect(some.read(topics: [requests, state]) == [requests: .refused, state: .allowed])
    #expect(some.join(requestsTopic: requests) == .refused)
    #expect(some.initialise(transactionalID: realm.group + ".one") == .refused)
    #expect(Uptime.now() - began < 8_000, "a refusal is not waited for")

    try kafka.allow(AccessRule.least(topics: realm.topics, group: realm.group), to: user)
    let all = try PermissionTrial(properties: worker(kafka), groupID: realm.group)
    let topics = realm.topics.values.sorted()
    #expect(all.write(topics: topics) == Dictionary(uniqueKeysWithValues: topics.map { ($0, .allowed) }))
    #expect(all.read(topics: [requests, state]) == [requests: .allowed, state: .allowed])
    #expect(all.read(topics: [outcomes]) == [outcomes: .refused], "the worker needs no reading of outcomes")
    #expect(all.join(requestsTopic: requests) == .allowed)
    #expect(all.initialise(transactionalID: realm.group + ".one") == .allowed)

    #expect(try ends(realm) == before, "nothing was written")
    let reader = try StateReader(
      properties: realm.properties, groupID: realm.group, requestsTopic: requests, stateTopic: state)
    #expect(try reader.committedOffsets(partitions: [0, 1], timeout: 10_000).isEmpty, "nothing was committed")
  }

  @Test("A trial of a transactional id fences nobody who has it")
  func fencesNobody() throws {
    let realm = try Realm(partitions: 1)
    let publisher = try realm.publisher("one")
    let member = try Member(realm)
    let batch = Batch(
      id: 1, decisions: [BatchedDecision(id: 1, partition: 0, records: [.outcome("a")], state: [])], offsets: [0: 0])
    #expect(publisher.commit(batch, group: try member.group()).stateEnds != nil)
    let trial = try PermissionTrial(properties: realm.properties, groupID: realm.group)
    #expect(trial.initialise(transactionalID: realm.group + "-one") == .allowed)
    #expect(trial.join(requestsTopic: realm.topic(.requests)) == .allowed)
    #expect(publisher.commit(batch, group: try member.group()).stateEnds != nil)
  }

  private let user = "User:worker"

  private func worker(_ kafka: SecureKafka) -> KafkaProperties {
    KafkaProperties(
      Dictionary(uniqueKeysWithValues: kafka.passwordSettings().map { (String($0.key.dropFirst(6)), $0.value) }))
  }

  private func ends(_ realm: Realm) throws -> [String: Int64] {
    var ends: [String: Int64] = [:]
    for (role, name) in realm.topics {
      let reader = try StateReader(
        properties: realm.properties, groupID: realm.group, requestsTopic: realm.topic(role), stateTopic: name)
      for partition in 0..<realm.partitions { ends["\(name)-\(partition)"] = try reader.end(partition: partition) }
    }
    return ends
  }
}
