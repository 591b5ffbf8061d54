/// A deliberate error in the protocol, made at the engine's boundary: the engine itself is the worker's own. Each must be found.
public enum Mutant: String, Sendable, CaseIterable {
  /// There is no state topic: a worker knows what its own disk knows.
  case localStoreOnly = "local-store-only"
  /// The store takes a batch before its transaction is committed.
  case appliedBeforeCommit = "applied-before-commit"
  /// Offsets are committed up to what was received, settled or not.
  case offsetsPastUnsettled = "offsets-past-unsettled"
  /// Offsets are committed by themselves, before the transaction.
  case offsetsOutside = "offsets-outside"
  /// A transaction in which no offset moves sends none, and so is not fenced.
  case noFenceUnmoved = "no-fence-unmoved"
  /// Only moved offsets are sent, and before the state records.
  case onlyMovedOffsetsFirst = "only-moved-offsets-first"
  /// A request that is refused leaves no mark.
  case noConflictMark = "no-conflict-mark"
  /// A dead letter leaves no mark.
  case noDeadLetterMark = "no-dead-letter-mark"
  /// An offset that did not move is sent as an invalid one, which the client drops.
  case invalidOffsetFence = "invalid-offset-fence"
  /// A mark matches whatever stands at its offset.
  case markMatchesAll = "mark-matches-all"
  /// A commit whose end is unknown is taken as committed.
  case unknownIsCommitted = "unknown-is-committed"
  /// A commit whose end is unknown is taken as aborted.
  case unknownIsAborted = "unknown-is-aborted"
  /// After a commit whose end is unknown the tail is read and the old producer goes on.
  case tailWithoutNewProducer = "tail-without-new-producer"
  /// A commit that said OK after EndTxn was sent again keeps its producer.
  case keptAfterResentCommit = "kept-after-resent-commit"
  /// An abort keeps its producer, though EndTxn may have been sent again.
  case keptAfterAbort = "kept-after-abort"
  /// What ought to drop the producer does not, whatever it is.
  case droppedUsedAgain = "dropped-used-again"
  /// The revocation does not wait for the transaction under way.
  case survivesRevoke = "survives-revoke"
  /// The generation is the one at the time of sending, lanes are not checked, and the revocation does not wait.
  case generationAtSend = "generation-at-send"
  /// A call that is under way is forgotten with its lane.
  case callsForgotten = "calls-forgotten"
  /// Answers in memory and in the journal are dropped when the producer is.
  case answersDropped = "answers-dropped"
  /// The state's end is taken to be its last stable offset.
  case stableStateEnd = "stable-state-end"
  /// A lane opens before its state is restored.
  case restoreNotAwaited = "restore-not-awaited"
  /// A journaled answer is not looked for.
  case journalNotRead = "journal-not-read"
  /// A journaled answer is used whatever its fingerprint.
  case journalUnchecked = "journal-unchecked"
  /// A moved request is produced outside of the transaction.
  case movedOutside = "moved-outside"
  /// A moved request is produced to another partition than its home.
  case movedAstray = "moved-astray"
  /// Calls are given up for lost while they go on: one user has two at once.
  case lanesDropped = "lanes-dropped"
  /// Links past retention are tombstoned outside of the transaction.
  case purgeOutside = "purge-outside"
  /// The fingerprint of a known link is not compared.
  case fingerprintIgnored = "fingerprint-ignored"
  /// A request's own deadline is not read.
  case deadlineIgnored = "deadline-ignored"
  /// A link does not remember the replay events that it has seen.
  case replayAcceptedTwice = "replay-accepted-twice"
  /// 401 is taken for the adapter's no to the link.
  case credentialCountedAsFailure = "credential-counted-as-failure"
  /// An adapter that is down is taken for one that answers: the circuit breaker never opens.
  case breakerNeverOpens = "breaker-never-opens"
  /// Calls pass one by one, those of all users: each is made when the one before has ended.
  case oneQueueForAll = "one-queue-for-all"
  /// A call that hung is taken for one that was never sent: its user may have any slot at once again.
  case hangForgotten = "hang-forgotten"
}
