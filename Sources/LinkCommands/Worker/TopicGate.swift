import LinkCore
import LinkKafka
import LinkOps

/// Lets a worker start only on topics that the protocol can work with, and tells it what it must know of them.
struct TopicGate {
  let settings: WorkerSettings
  let log: Log

  /// How the topics are known to be right.
  enum Trust: Sendable {
    /// Kafka is asked.
    case checked
    /// Kafka is asked; what is only unwise is no news, for it is a trial.
    case trial
    /// They were just made, by a broker that cannot be asked for its settings.
    case made(partitionCount: Int32)
  }

  /// What the worker must know of the topics.
  struct Pass {
    /// Partitions of the requests topic, and of the state topic.
    var partitionCount: Int32
    /// Bytes that a record of the dead-letter topic may have.
    var deadLetterMaxBytes: Int
    /// Bytes that a record may have in each of the topics: the smallest of their limits.
    var recordByteLimit: Int
    /// Bytes that a record may have in the topic that takes the largest ones.
    var largestRecordByteLimit: Int
    /// Milliseconds for which the state topic keeps tombstones.
    var tombstoneRetention: Milliseconds
  }

  /// Throws what forbids running, all of it; logs what is only unwise.
  func pass(_ trust: Trust) throws(CommandFailure) -> Pass {
    switch trust {
    case .made(let partitionCount):
      return Pass(
        partitionCount: partitionCount, deadLetterMaxBytes: TopicPlan.defaultMessageLimit,
        recordByteLimit: TopicPlan.defaultMessageLimit, largestRecordByteLimit: TopicPlan.defaultMessageLimit,
        tombstoneRetention: Milliseconds(TopicPlan.week))
    case .checked: return try check(warns: true)
    case .trial: return try check(warns: false)
    }
  }

  private func check(warns: Bool) throws(CommandFailure) -> Pass {
    let cluster = try TopicsOnCluster(settings)
    let found = try cluster.describe(made: [])
    let findings = TopicPlan.check(names: cluster.names, found: found)
    let obstacles = findings.filter(\.forbidsRunning)
    guard obstacles.isEmpty else {
      var failure = CommandFailure(.config, .init("run", "the topics", "they cannot be worked with", hint: ""))
      failure.lines = obstacles.map { .init("run", "", $0.text, hint: "") }
      throw failure
    }
    for finding in findings where warns { log.warning("topics.unwise", finding.text) }
    let limits = found.values.compactMap { number("max.message.bytes", $0) }
    return Pass(
      partitionCount: Int32(clamping: found[.requests]?.partitions ?? 0),
      deadLetterMaxBytes: number("max.message.bytes", found[.deadLetters]) ?? TopicPlan.defaultMessageLimit,
      recordByteLimit: limits.min() ?? TopicPlan.defaultMessageLimit,
      largestRecordByteLimit: limits.max() ?? TopicPlan.defaultMessageLimit,
      tombstoneRetention: number("delete.retention.ms", found[.state]).map { Milliseconds($0) }
        ?? Milliseconds(TopicPlan.week))
  }

  private func number(_ name: String, _ topic: TopicDescription?) -> Int? {
    topic?.settings[name].flatMap { Int($0) }
  }
}
