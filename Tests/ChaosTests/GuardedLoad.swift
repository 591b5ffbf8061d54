import LinkCore
import LinkKafka
import LinkSandbox
import LinkTestSupport

/// Links that are asked for where the worker may do only what the least rules allow, each of which can be withdrawn.
final class GuardedLoad {
  let kafka: SecureKafka
  let load: Load
  /// What the worker needs, and no more.
  let rules: [AccessRule]

  private static let principal = "User:worker"

  /// A deployment whose workers are a user with a password.
  init(on kafka: SecureKafka) throws {
    self.kafka = kafka
    let emulator = try AdapterEmulator(forDeploymentWith: { $0.latency = 2 })
    let deployment = try Deployment(
      kafka: kafka.kafka, adapterURL: emulator.baseURL, partitions: 2,
      settings: kafka.passwordSettings().merging(["admin.listen": "127.0.0.1:0"]) { $1 }, makesTopics: false)
    let administrator = ["kafka.bootstrap.servers": kafka.kafka.bootstrap, "kafka.security.protocol": "PLAINTEXT"]
    load = Load(emulator: emulator, deployment: deployment, auditSettings: administrator)
    rules = AccessRule.least(
      topics: Dictionary(uniqueKeysWithValues: TopicRole.allCases.map { ($0, deployment.topic($0)) }),
      group: deployment.group)
    let topics = try deployment.run(["topics", "create", "--partitions", "2"], with: administrator)
    guard topics.code == 0 else { throw Missing("The topics: \(topics.errorText)") }
    try kafka.allow(rules, to: Self.principal)
  }

  /// Gives a rule back.
  func allow(_ rule: AccessRule) throws { try kafka.allow([rule], to: Self.principal) }

  /// Takes a rule away.
  func forbid(_ rule: AccessRule) throws { try kafka.forbid([rule], to: Self.principal) }

  /// The rule for an operation on the topic of a role.
  func rule(_ operation: AccessRule.Operation, _ role: TopicRole) -> AccessRule {
    AccessRule(.topic, load.deployment.topic(role), operation)
  }

  /// Writes what is no event to a partition.
  func writeMalformed(_ value: String, partition: Int32) throws {
    try load.deployment.write([
      OutgoingRecord(topic: .requests, partition: partition, key: nil, value: Array(value.utf8), headers: [])
    ])
  }
}
