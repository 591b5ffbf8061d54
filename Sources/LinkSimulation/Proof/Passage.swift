/// States and transitions of the protocol that histories must reach: a fault mix that never gets there proves nothing about it.
public enum Passage: String, Sendable, CaseIterable {
  case committed, aborted
  case unknownCommitted = "unknown-found-committed"
  case unknownAborted = "unknown-found-aborted"
  case fencedAsStranger = "fenced-as-unknown-member"
  case fencedAsReplaced = "fenced-as-replaced-member"
  case producerFenced = "producer-fenced"
  case transactionTimedOut = "transaction-timed-out"
  case endResent = "end-resent"
  case repeatedEnd = "repeated-end-is-harmless"
  case lateEndFenced = "late-end-is-fenced"
  case concurrentTransactions = "concurrent-transactions"
  case openTransactionFreed = "open-transaction-freed-by-initialisation"
  case refusedRecord = "record-refused"
  case uncleanCommit = "commit-ok-but-not-clean"

  case revokedIdle = "revoked-idle"
  case revokedInitialising = "revoked-while-initialising"
  case revokedAdding = "revoked-while-adding-partitions"
  case revokedProducing = "revoked-while-producing"
  case revokedFencing = "revoked-while-sending-offsets"
  case revokedEnding = "revoked-while-ending"
  case revokedAborting = "revoked-while-aborting"
  case revokedRestoring = "revoked-while-restoring"
  case membershipLost = "membership-lost"
  case sessionExpired = "session-expired"
  case staticReturn = "static-member-returned"
  case zombieRefused = "zombie-refused"

  case restoredWhole = "restored-from-the-start"
  case restoredFromCheckpoint = "restored-from-checkpoint"
  case offsetsUnstable = "offsets-unstable"
  case restoreWaitedForTransaction = "restore-waited-for-a-transaction"
  case withoutCommittedOffset = "lane-without-committed-offset"
  case viewOfOtherLog = "view-of-another-log-set-aside"
  case viewTooOld = "view-older-than-tombstones-set-aside"
  case laneBlocked = "lane-blocked"

  case journalUsed = "journaled-answer-used"
  case journalOfOtherRequest = "journaled-answer-of-another-request"
  case markMatched = "mark-matched"
  case markOfOtherBytes = "mark-of-other-bytes"
  case awaitedEarlierCall = "lane-waited-for-a-call-of-an-earlier-assignment"
  case duplicate, moved, refused
  case deadLettered = "dead-lettered"
  case replayed, expired, purged
  case heldUp = "held-up-by-its-user"
  case parked
  case marksSwept = "marks-swept"
  case credentialRefused = "credential-refused"
  case breakerOpened = "breaker-opened"
  case quietUserJudged = "quiet-user-judged"
  case stoppedWhole = "stopped-in-good-order"
  case fatal = "ended-for-good"
}

/// How often each was reached.
public struct Coverage: Sendable {
  private var counts = [Int](repeating: 0, count: Passage.allCases.count)
  private static let index = Dictionary(uniqueKeysWithValues: Passage.allCases.enumerated().map { ($1, $0) })
  static let cells = Passage.allCases.map(\.rawValue)

  /// Nothing reached.
  public init() {}

  /// How often a passage was reached.
  public subscript(_ passage: Passage) -> Int {
    get { counts[Self.index[passage] ?? 0] }
    set { counts[Self.index[passage] ?? 0] = newValue }
  }

  /// What was never reached.
  public var missing: [Passage] { Passage.allCases.filter { self[$0] == 0 } }

  mutating func add(_ other: Coverage) {
    for index in counts.indices { counts[index] += other.counts[index] }
  }
}
