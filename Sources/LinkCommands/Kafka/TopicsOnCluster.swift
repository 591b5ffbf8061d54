import Glibc
import LinkCore
import LinkKafka

/// The four topics on the cluster that the settings name.
struct TopicsOnCluster {
  /// Their names.
  let names: [TopicRole: String]
  private let admin: KafkaAdmin

  /// Partitions of a topic that is made, where nothing says otherwise.
  static let defaultPartitions = 12

  init(_ settings: WorkerSettings) throws(CommandFailure) {
    names = Dictionary(uniqueKeysWithValues: TopicRole.allCases.map { ($0, settings.topics[$0]) })
    let properties = try KafkaProperties(checking: settings.kafka)
    admin = try Self.asking { () throws(KafkaFailure) in try KafkaAdmin(properties: properties) }
  }

  /// Those that exist, with their settings. Brokers learn late of a topic that was just `made`: it is waited for.
  func describe(made: Set<TopicRole>) throws(CommandFailure) -> [TopicRole: TopicDescription] {
    try Self.asking { () throws(KafkaFailure) in
      var found = try admin.metadata(of: Array(names.values).sorted())
      for _ in 0..<50 where made.contains(where: { found[names[$0] ?? ""] == nil }) {
        usleep(200_000)
        found = try admin.metadata(of: Array(names.values).sorted())
      }
      let settings = try admin.describe(topics: found.keys.sorted())
      for (topic, values) in settings { found[topic]?.settings = values }
      return names.compactMapValues { found[$0] }
    }
  }

  /// Makes those that are missing and returns which; nothing is made where `partitions` contradicts what exists.
  func create(partitions: Int?, replication: Int?) throws(CommandFailure) -> Set<TopicRole> {
    let found = try Self.asking { () throws(KafkaFailure) in try admin.metadata(of: Array(names.values).sorted()) }
    let missing = TopicRole.allCases.filter { found[names[$0] ?? ""] == nil }
    let count = try partitionCount(asked: partitions, found: found)
    var made: Set<TopicRole> = []
    let plans = TopicPlan.all(
      names: names, partitions: count, replication: replication,
      requestByteLimit: try requestByteLimit(found) ?? TopicPlan.defaultMessageLimit)
    for plan in plans
    where missing.contains(plan.role) {
      if try make(plan) { made.insert(plan.role) }
    }
    return made
  }

  /// What a record of the existing requests topic may have, for its dead letter.
  private func requestByteLimit(_ found: [String: TopicDescription]) throws(CommandFailure) -> Int? {
    guard let name = names[.requests], found[name] != nil else { return nil }
    let settings = try Self.asking { () throws(KafkaFailure) in try admin.describe(topics: [name]) }
    return settings[name]?["max.message.bytes"].flatMap { Int($0) }
  }

  /// Requests and state have the same number: whichever exists says it.
  private func partitionCount(
    asked: Int?, found: [String: TopicDescription]
  ) throws(CommandFailure) -> Int {
    for role in [TopicRole.requests, .state] {
      guard let name = names[role], let existing = found[name]?.partitions else { continue }
      guard let asked, asked != existing else { return existing }
      throw CommandFailure(
        .config,
        .init(
          "topics create", name, "has \(existing) partitions, not \(asked), and nothing was made",
          hint: "--partitions \(existing), or none"))
    }
    return asked ?? Self.defaultPartitions
  }

  /// False where somebody else has made it meanwhile.
  private func make(_ plan: TopicPlan) throws(CommandFailure) -> Bool {
    do {
      try admin.create(
        topic: plan.name, partitions: plan.partitions, replication: plan.replication, settings: plan.settings)
      return true
    } catch  where error.name == "TOPIC_ALREADY_EXISTS" {
      return false
    } catch {
      throw CommandFailure(error)
    }
  }

  private static func asking<Answer>(
    _ question: () throws(KafkaFailure) -> Answer
  ) throws(CommandFailure) -> Answer {
    do {
      return try question()
    } catch {
      throw CommandFailure(error)
    }
  }
}
