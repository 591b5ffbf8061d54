/// One assigned partition of the requests topic, from its assignment to its revocation.
struct Lane: Sendable {
  /// Tells this assignment from an earlier one of the same partition: what comes back from before counts for nothing.
  let id: LaneID
  var phase: Phase
  var offsets: OffsetTracker
  /// By which its state is known, once it is open.
  var identity: Identity?
  /// Whether its state has that identity. Until then each transaction with an offset of this lane writes it.
  var isFounded = false
  /// Digests of settled records that have no link of their own, by offset.
  var marks: [Int64: Digest] = [:]
  /// Whether an offset may move that no decision moves.
  var hasMoved = false
  /// Decisions of this lane that the broker refuses.
  var restingCount = 0
  /// Whether its records are held back in Kafka.
  var isPaused = false
  /// When the first scheduled link in the store is due.
  var nextWake: Timestamp?
  /// How many due links the store has given: where the turn of `DueOrder` stands.
  var takenDue = 0
  /// While no calls are made: when the store is asked for due links again.
  var nextScan: Milliseconds = 0
  /// How many due links the store is asked for; nil while it is not.
  var scanLimit: Int?
  var isScanning: Bool { scanLimit != nil }
  /// The earliest that was scheduled while the store was asked.
  var scheduledSinceScan: Timestamp?
  /// Links whose call, made in an earlier assignment, was answered while the store was asked: it did not know of the answer yet.
  var answeredSinceScan: Set<LinkKey> = []
  /// When ended links are looked through next.
  var nextPurge: Milliseconds

  enum Phase: Sendable { case restoring, open, blocked }

  /// Whether the store may be asked for due links.
  var mayScan: Bool { phase == .open && !isScanning }

  init(id: LaneID, nextPurge: Milliseconds) {
    self.id = id
    phase = .restoring
    offsets = OffsetTracker(committed: 0)
    self.nextPurge = nextPurge
  }

  /// Marks that the committed offset has passed: no redelivery can meet them.
  var spentMarks: [Int64] { marks.keys.filter { $0 < offsets.committed }.sorted() }
}

/// One assignment of one partition.
public struct LaneID: Hashable, Sendable {
  /// The partition.
  public var partition: Int32
  /// Counts the assignments of one engine.
  public var epoch: UInt64

  /// Names an assignment.
  public init(partition: Int32, epoch: UInt64) {
    self.partition = partition
    self.epoch = epoch
  }
}
