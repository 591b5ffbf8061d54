/// What happens to the engine: everything that it knows comes in by one of these.
public enum Event: Sendable {
  /// The group gave this worker partitions.
  case assigned([Int32])
  /// A partition's state is restored, and its records may come.
  case opened(LaneOpening)
  /// A partition cannot be opened: its lane stands still, with an alarm, until it is assigned again.
  case blocked(LaneID, reason: String)
  /// Kafka says that the next records of a partition are gone, or never were: its lane stands still, with an alarm.
  case lost(partition: Int32, reason: String)
  /// The group is about to take partitions away: no transaction is begun until the next assignment, so that none outlives the revoke.
  case revoking
  /// The group took partitions away, or the membership is lost; the transaction that was under way has ended.
  case revoked([Int32])
  /// A record of the requests topic.
  case received(SourceRecord)
  /// A partition has nothing more before `offset`.
  case reachedEnd(partition: Int32, offset: Int64)
  /// The store answered.
  case stored([StoreAnswer])
  /// The adapter answered a call, or did not.
  case answered(call: UInt64, AdapterAnswer)
  /// The adapter's credential is another one now.
  case credentialChanged
  /// A transaction ended.
  case ended(batch: UInt64, CommitResult)
  /// Time has passed.
  case tick
  /// Take nothing new and settle what is in flight.
  case stop
}

/// What restoring a partition found.
public struct LaneOpening: Sendable {
  /// Which assignment of which partition.
  public var lane: LaneID
  /// The next offset to consume.
  public var position: Int64
  /// Whether a worker has committed that position, together with the identity; where not, the lane commits both first.
  public var isCommitted: Bool
  /// The partition's identity, where its state has one; where not, the lane writes one first.
  public var identity: Identity?
  /// Marks that are not tombstoned yet.
  public var marks: [Mark]
  /// When the first scheduled link of the partition is due.
  public var nextWake: Timestamp?

  /// An opening.
  public init(
    lane: LaneID, position: Int64, isCommitted: Bool, identity: Identity?, marks: [Mark], nextWake: Timestamp?
  ) {
    self.lane = lane
    self.position = position
    self.isCommitted = isCommitted
    self.identity = identity
    self.marks = marks
    self.nextWake = nextWake
  }
}
