/// The kinds of faults that a history may have; each seed draws which, and how often.
public enum FaultKind: String, Sendable, CaseIterable {
  /// A worker is killed and starts again on its disk.
  case crash
  /// A worker is killed and its disk is lost.
  case wipe
  /// A worker's machine loses power: what was not forced to the disk is lost.
  case powerCut = "power-cut"
  /// A worker starts on an earlier copy of its disk.
  case oldStore = "old-store"
  /// A worker stands still for a while, as by SIGSTOP.
  case pause
  /// A worker stands still, and another with its names is started elsewhere.
  case replaced
  /// A worker is cut off from Kafka for a while.
  case cutOff = "cut-off"
  /// Workers leave the group and come back.
  case rebalance
  /// Messages to and from Kafka are lost.
  case lost
  /// Messages to and from Kafka take long.
  case slow
  /// The end of a transaction is executed late, after it has been asked for again.
  case lateEnd = "late-end"
  /// The markers of a transaction's end are written late, in one partition after the other.
  case slowMarkers = "slow-markers"
  /// Kafka refuses records for themselves.
  case refused
  /// The adapter fails, is slow, or loses answers.
  case adapter
  /// The adapter refuses the credential for a while.
  case credential
  /// A worker's wall clock jumps.
  case clock
  /// The state topic is compacted.
  case compaction
  /// The requests topic is deleted and made anew, or all topics are.
  case topicAnew = "topic-anew"
  /// Links are remembered for a short time only, and forgotten while the history runs.
  case retention
  /// The local store is slow.
  case slowStore = "slow-store"
  /// A few users' calls hang, or fail, also after the other faults have stopped.
  case stubborn

  /// Those that are drawn one after the other, before anything else of a history. A later kind is drawn at its end: the histories that a seed
  /// has had so far stay as they are.
  static let drawnFirst = allCases.filter { $0 != .stubborn }
}
