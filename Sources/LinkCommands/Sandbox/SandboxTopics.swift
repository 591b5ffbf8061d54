import LinkCore
import LinkKafka

/// The topics and the group of a sandbox on a Kafka that keeps them.
struct SandboxTopics {
  private let settings: WorkerSettings

  /// Makes the topics, after the same plan as `topics create`. What was made before one of them failed is removed
  /// again.
  init(_ settings: WorkerSettings, partitionCount: Int32) throws(CommandFailure) {
    self.settings = settings
    let cluster = try TopicsOnCluster(settings)
    do {
      _ = try cluster.create(partitions: Int(partitionCount), replication: nil)
    } catch {
      // Why they could not be made is what is told; those that were made have the sandbox's prefix.
      if error.exitCode != .unavailable { _ = Result { () throws(CommandFailure) in try removeTopics() } }
      throw error
    }
  }

  /// Removes topics and group.
  func remove() throws(CommandFailure) {
    try removeTopics()
    try asking { admin throws(KafkaFailure) in try admin.delete(group: settings.kafka.groupId) }
  }

  private func removeTopics() throws(CommandFailure) {
    let names = TopicRole.allCases.map { settings.topics[$0] }
    try asking { admin throws(KafkaFailure) in try admin.delete(topics: names) }
  }

  private func asking(_ question: (KafkaAdmin) throws(KafkaFailure) -> Void) throws(CommandFailure) {
    let properties = try KafkaProperties(checking: settings.kafka)
    do {
      try question(try KafkaAdmin(properties: properties))
    } catch {
      var failure = CommandFailure(error)
      for index in failure.lines.indices where failure.lines[index].hint.isEmpty {
        failure.lines[index].hint = "delete by hand what begins with \(settings.kafka.groupId)"
      }
      throw failure
    }
  }
}
