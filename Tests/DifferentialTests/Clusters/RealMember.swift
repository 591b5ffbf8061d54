import LinkTestSupport

/// A member's life, on a connection of its own.
final class RealMember {
  let connection: KafkaConnection
  let instance: String?
  let session: Int32
  let rebalance: Int32
  /// Empty before the group has given one.
  var id = ""
  /// What it was told, one after the other.
  var generations: [Int32] = []
  /// What it has asked last and has no answer to: JoinGroup, and then SyncGroup.
  var awaited: KafkaAPI?
  /// It was told that another has its instance id.
  var isReplaced = false

  init(bootstrap: String, instance: String?, session: Int32, rebalance: Int32) throws {
    connection = try KafkaConnection(bootstrap: bootstrap)
    self.instance = instance
    self.session = session
    self.rebalance = rebalance
  }

  var isWaiting: Bool { awaited != nil }
  var generation: Int32 { generations.last ?? -1 }
}
