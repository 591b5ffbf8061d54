import LinkCore

/// A permission without which the worker cannot do all of its work: one access rule of Kafka's.
///
/// Describe is in none of them: in Kafka it comes with Read and with Write.
struct NeededPermission: Hashable, Sendable {
  /// What a rule is about, as `kafka-acls.sh` writes it.
  enum Resource: String, Sendable {
    case topic
    case group
    case transactionalID = "transactional-id"
  }

  /// The operations, as `kafka-acls.sh` writes them.
  enum Operation: String, Sendable, CaseIterable {
    case read = "Read"
    case write = "Write"
    case describeConfigs = "DescribeConfigs"
  }

  /// What it is about.
  var resource: Resource
  /// The name; of transactional ids its beginning.
  var name: String
  /// What is to be done with it.
  var operation: Operation
  /// The topic's part, where it is about a topic.
  var role: TopicRole?
  /// What it is needed for, as the rest of a sentence.
  var purpose: String

  /// All of them, for a worker with these settings.
  static func all(_ settings: WorkerSettings) -> [NeededPermission] {
    let topics = TopicRole.allCases.flatMap { role in
      operations(on: role).map { operation, purpose in
        NeededPermission(
          resource: .topic, name: settings.topics[role], operation: operation, role: role, purpose: purpose)
      }
    }
    return topics + [
      NeededPermission(
        resource: .group, name: settings.kafka.groupId, operation: .read, purpose: "to share the requests with others"),
      NeededPermission(
        resource: .transactionalID, name: settings.kafka.groupId + ".", operation: .write,
        purpose: "to publish in transactions"),
    ]
  }

  private static func operations(on role: TopicRole) -> [(Operation, String)] {
    let check = (Operation.describeConfigs, "to check its settings")
    switch role {
    case .requests: return [(.read, "to take requests"), (.write, "to move misplaced requests home"), check]
    case .outcomes: return [(.write, "to publish outcomes"), check]
    case .state:
      return [(.read, "to restore what is known of links"), (.write, "to keep what is known of links"), check]
    case .deadLetters: return [(.write, "to put aside what cannot be read"), check]
    }
  }

  /// As a sentence names it.
  var subject: String {
    switch resource {
    case .topic: "\(operation.rawValue) on topic \(name)"
    case .group: "\(operation.rawValue) on group \(name)"
    case .transactionalID: "\(operation.rawValue) on transactional ids that begin with \(name)"
    }
  }

  /// What `kafka-acls.sh` is to be told so that a principal has it.
  func rule(for principal: String) -> String {
    let pattern = resource == .transactionalID ? " --resource-pattern-type prefixed" : ""
    return "kafka-acls.sh --add --allow-principal \(Self.word(principal)) --operation \(operation.rawValue) "
      + "--\(resource.rawValue) \(Self.word(name))\(pattern)"
  }

  /// As one word of a shell's.
  private static func word(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }
}
