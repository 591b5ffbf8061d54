public import LinkCore

/// What the store says of its view of one partition of the state topic.
public struct PartitionView: Hashable, Sendable {
  /// The partition's identity, where the view has seen it.
  public var identity: Identity?
  /// The offset at which the identity was read from the state topic; nil where it was only applied after a commit, which does not
  /// tell offsets.
  public var identityOffset: Int64?
  /// The offset of the state topic up to which (exclusive) the view holds it.
  public var checkpoint: Int64
  /// When the checkpoint was last moved or confirmed.
  public var checkpointedAt: Timestamp

  /// A view.
  public init(identity: Identity?, identityOffset: Int64?, checkpoint: Int64, checkpointedAt: Timestamp) {
    self.identity = identity
    self.identityOffset = identityOffset
    self.checkpoint = checkpoint
    self.checkpointedAt = checkpointedAt
  }
}

/// To what a store belongs: with anything else it would be another's memory.
public struct StoreBinding: Hashable, Sendable {
  /// Kafka's cluster id.
  public var clusterID: String
  /// The names of the requests and of the state topic.
  public var requestsTopic: String, stateTopic: String
  /// The consumer group.
  public var group: String

  /// A binding.
  public init(clusterID: String, requestsTopic: String, stateTopic: String, group: String) {
    self.clusterID = clusterID
    self.requestsTopic = requestsTopic
    self.stateTopic = stateTopic
    self.group = group
  }
}
