public import LinkCore

/// What one of the four topics should be like.
public struct TopicPlan: Equatable, Sendable {
  /// Its part in the protocol.
  public var role: TopicRole
  /// Its name.
  public var name: String
  /// How many partitions it is to have.
  public var partitions: Int
  /// On how many brokers each is to be kept; nil: the brokers' default.
  public var replication: Int?
  /// Settings by Kafka's names; the brokers' default holds for all others.
  public var settings: [String: String]

  /// A topic's plan.
  public init(role: TopicRole, name: String, partitions: Int, replication: Int?, settings: [String: String]) {
    self.role = role
    self.name = name
    self.partitions = partitions
    self.replication = replication
    self.settings = settings
  }

  /// Kafka's own default of `max.message.bytes`.
  public static let defaultMessageLimit = 1_048_588
  /// What a dead letter's headers may add to its request.
  public static let deadLetterMargin = 65_536
  /// Seven days in milliseconds: how long outcomes (they hold tokens) and tombstones are kept.
  public static let week = 604_800_000

  /// Retention counts from when Kafka got a record, whatever the calendar of the worker that wrote it says.
  static let appendTime = "LogAppendTime"

  /// The plans of all four topics.
  ///
  /// - Parameters:
  ///   - names: The topics' names.
  ///   - partitions: How many requests and state have, and the others too.
  ///   - replication: nil: the brokers' default. At three or more, two copies must have a record before it counts as written.
  ///   - requestByteLimit: `max.message.bytes` of the requests topic where it exists; Kafka's default unless given.
  public static func all(
    names: [TopicRole: String], partitions: Int = 12, replication: Int? = nil,
    requestByteLimit: Int = defaultMessageLimit
  ) -> [TopicPlan] {
    TopicRole.allCases.map { role in
      var settings = ["unclean.leader.election.enable": "false"]
      if let replication, replication >= 3 { settings["min.insync.replicas"] = "2" }
      settings.merge(own(role, requestByteLimit)) { $1 }
      return TopicPlan(
        role: role, name: names[role] ?? role.rawValue, partitions: partitions, replication: replication,
        settings: settings)
    }
  }

  private static func own(_ role: TopicRole, _ requestByteLimit: Int) -> [String: String] {
    switch role {
    case .requests: ["cleanup.policy": "delete"]
    case .outcomes:
      ["cleanup.policy": "delete", "retention.ms": String(week), "message.timestamp.type": appendTime]
    case .state:
      [
        "cleanup.policy": "compact", "segment.bytes": "67108864", "min.cleanable.dirty.ratio": "0.1",
        "delete.retention.ms": String(week),
      ]
    case .deadLetters:
      [
        "cleanup.policy": "delete", "max.message.bytes": String(requestByteLimit + deadLetterMargin),
        "message.timestamp.type": appendTime,
      ]
    }
  }
}

/// Something about the topics that is not as it should be.
public struct TopicFinding: Equatable, Sendable, CustomStringConvertible {
  /// Whether the worker must not run with it.
  public var forbidsRunning: Bool
  /// What is wrong, and what to do.
  public var text: String

  /// A finding.
  public init(forbidsRunning: Bool, _ text: String) {
    self.forbidsRunning = forbidsRunning
    self.text = text
  }

  /// Its text.
  public var description: String { text }
}
