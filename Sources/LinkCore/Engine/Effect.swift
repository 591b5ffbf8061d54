/// What the engine wants done. The surroundings do it in order and report back by an `Event`.
public enum Effect: Sendable {
  /// Restore these partitions from the state topic. Reported by `.opened` or `.blocked`, each.
  case restore([LaneID])
  /// Let a lane's records come, from this offset on.
  case start(partition: Int32, at: Int64)
  /// Hold a lane's records back in Kafka: it has too many unsettled ones.
  case pause(partition: Int32)
  /// Let a paused lane's records come again.
  case resume(partition: Int32)
  /// Work for the store, in this order.
  case store([StoreWork])
  /// Call the adapter. Reported by `.answered`.
  case call(AdapterCall)
  /// Read the adapter's credential anew: it was refused.
  case reloadCredential
  /// Commit a transaction, fenced by the group metadata as it is now. Reported by `.ended`.
  case commit(Batch)
  /// Find out from the state topic's tail whether this batch was committed. Reported by `.ended` with `.committed` or `.aborted`.
  case reconcile(Batch)
  /// Tell operators.
  case note(Note)
  /// Everything in flight is settled after a `.stop`.
  case finished
  /// The process must end with this code.
  case fail(reason: String, exitCode: Int32)
}

/// What operators are told: one case for each thing worth a log line or a metric. None holds a secret.
public enum Note: Equatable, Sendable {
  /// A lane's records may come.
  case laneOpened(partition: Int32, position: Int64)
  /// A lane stands still.
  case laneBlocked(partition: Int32, reason: String)
  /// A record had no value.
  case recordSkipped(partition: Int32, offset: Int64)
  /// A request, or what should have been one, was settled.
  case decided(Decided)
  /// The adapter answered a call, after so many milliseconds.
  case called(key: LinkKey, verdict: Attempt.Verdict, status: Int?, detail: String?, took: Milliseconds)
  /// A transaction is committed: decisions, milliseconds since its batch was built, and, of each outcome in it, the milliseconds since Kafka
  /// had its request (or since its replay was accepted).
  case committed(decisions: Int, took: Milliseconds, links: [Milliseconds])
  /// A transaction did not commit, or nobody can say, after so many milliseconds; it is looked into or tried again. `inARow` counts those that
  /// failed since one did commit.
  case commitFailed(TransactionFault, reason: String, inARow: Int, took: Milliseconds)
  /// The broker refuses a decision's records for themselves: its lane waits, the others go on.
  case decisionRefused(partition: Int32, offset: Int64?, reason: String)
  /// The adapter refuses the credential: calls stop but for a probe.
  case credentialRefused(status: Int)
  /// The adapter takes the credential again.
  case credentialAccepted
  /// Nothing succeeds: the adapter is taken to be down, and calls stop but for probes.
  case breakerOpened
  /// A probe is on its way: its answer says whether calls go on.
  case breakerHalfOpened
  /// The adapter answers again: calls go on, few at first.
  case breakerClosed

  /// In which way a transaction did not commit: the cases of `CommitResult`.
  public enum TransactionFault: String, Sendable, CaseIterable {
    /// Certainly not committed; it is tried again.
    case aborted
    /// The group has moved on.
    case fenced
    /// Kafka refuses records of some decisions.
    case refused
    /// Nobody can say; the state topic will tell.
    case unknown
    /// The process must end.
    case fatal
  }

  /// How a record was settled.
  public struct Decided: Equatable, Sendable {
    /// The decision.
    public var kind: Kind
    /// Partition of the requests topic.
    public var partition: Int32
    /// The request's offset, where it was the request that was settled.
    public var offset: Int64?
    /// The link, where there is one.
    public var key: LinkKey?
    /// An error code or a dead letter's reason.
    public var code: String?
    /// When a scheduled link is due.
    public var due: Timestamp?

    /// The kinds of decision, as the protocol names them.
    public enum Kind: String, Sendable, CaseIterable {
      /// token-ready.
      case succeeded
      /// failed.
      case failed
      /// To be tried at a time.
      case scheduled
      /// refused.
      case refused
      /// A dead letter.
      case deadLettered = "dead-lettered"
      /// Known already.
      case duplicate
      /// Produced to its home partition.
      case moved
      /// A failed link is tried anew.
      case replayed
    }
  }
}
