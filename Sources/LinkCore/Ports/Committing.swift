/// One Kafka transaction's worth of decisions: the port between the engine and the transactional publisher.
public struct Batch: Sendable {
  /// Counts the batches of one engine.
  public var id: UInt64
  /// The decisions, in the order in which their records are produced.
  public var decisions: [BatchedDecision]
  /// For every partition in the batch the next offset to consume, never negative: the current one again where none moved, so
  /// that the group's fence always applies and a departed member is refused.
  public var offsets: [Int32: Int64]
  /// The identities of the partitions in the batch: each offset is committed together with the one of the state that it rests on. Either it is committed
  /// already, or this batch writes it.
  public var identities: [Int32: Identity]

  /// A batch to commit.
  public init(
    id: UInt64, decisions: [BatchedDecision], offsets: [Int32: Int64], identities: [Int32: Identity] = [:]
  ) {
    self.id = id
    self.decisions = decisions
    self.offsets = offsets
    self.identities = identities
  }
}

/// What one decision contributes to a transaction.
public struct BatchedDecision: Sendable {
  /// Counts the decisions of one engine; a refused record is reported by it.
  public var id: UInt64
  /// The partition of the requests topic that the decision belongs to.
  public var partition: Int32
  /// Outcomes, refusals, dead letters and moved requests: produced before any state record of the batch.
  public var records: [OutgoingRecord]
  /// State records, tombstones included, for `partition` of the state topic.
  public var state: [StateRecord]

  /// A decision's records.
  public init(id: UInt64, partition: Int32, records: [OutgoingRecord], state: [StateRecord]) {
    self.id = id
    self.partition = partition
    self.records = records
    self.state = state
  }
}

/// How a transaction ended.
public enum CommitResult: Sendable {
  /// Committed. `stateEnds` has, for each partition whose state was written, the offset after its last state record.
  case committed(stateEnds: [Int32: Int64])
  /// Certainly not committed, and the batch may be tried again as it is (the producer was dropped and made anew).
  case aborted(reason: String)
  /// Certainly not committed: the group has moved on (ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID). Nothing is begun until the next
  /// assignment.
  case fencedByGroup(reason: String)
  /// Certainly not committed: the broker refused records of these decisions for themselves (too large, not permitted).
  case refused(decisions: [UInt64: String])
  /// Nobody can say. The state topic's tail of each partition in the batch, read to the end that stands after the new producer's
  /// initialisation, can.
  case unknown(reason: String)
  /// The process must end: fatal error, or another worker uses the same transactional id.
  case fatal(reason: String, exitCode: Int32)
}
