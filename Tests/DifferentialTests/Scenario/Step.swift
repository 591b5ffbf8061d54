/// What is done to a cluster.
enum Step: Hashable, Sendable {
  /// InitProducerId: the producer's next life, once nothing of its id is open.
  case initialise(Int)
  /// AddPartitionsToTxn.
  case add(Life, [Place])
  /// Produce; the same request again is what a client does that had no answer.
  case produce(Life, Place, [Item], request: Int)
  /// AddOffsetsToTxn and TxnOffsetCommit, with what the member was told: in its latest generation, or in one so many before, as far as there are.
  case sendOffsets(Life, of: Life, [Int32: Int64], age: Int = 0)
  /// EndTxn.
  case end(Life, commit: Bool)
  /// The transactions that are open are left to their time-out.
  case timeOut
  /// Records of no transaction.
  case write(Place, [Item])
  /// An item is written to each partition of the state topic, and what lies before it is compacted, up to the first open transaction: so often.
  case compact([Item])
  /// The records before an offset are deleted.
  case deleteRecords(Place, before: Int64)
  /// The requests topic is deleted and made anew.
  case makeAnew
  /// Fetch from an offset, read_committed.
  case read(Place, from: Int64)
  /// JoinGroup of one whom the group does not know: the member's next life. Nobody waits for its answer.
  case arrive(Int)
  /// JoinGroup of members, each under its id.
  case rejoin([Life])
  /// LeaveGroup.
  case leave(Life)
  /// The member is silent for the length of its session.
  case expire(Life)
  /// Those who have not rejoined are waited for no longer.
  case giveUpWaiting
  /// Heartbeat.
  case beat(Life)
}

/// What a cluster answers.
enum Answer: Equatable, Sendable {
  case done
  /// INVALID_PRODUCER_EPOCH or PRODUCER_FENCED.
  case fenced
  /// INVALID_TXN_STATE.
  case invalidState
  /// ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID.
  case generation, member, instance
  /// A heartbeat that finds a rebalance, and one whose member is in the group, or in this generation, no more.
  case rebalance, gone
  /// Records, and the offset behind them.
  case records([Record], position: Int64)
  case offsetOutOfRange
  /// An error that scenarios know nothing of.
  case other(Int16)
}

/// A record as it was read.
struct Record: Equatable, Sendable, CustomStringConvertible {
  var offset: Int64
  var item: Item

  var description: String { "\(offset):\(item)" }
}
