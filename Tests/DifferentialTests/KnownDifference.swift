/// Where the simulated broker does not do as Kafka does, and why it may stay so. The list is closed: whatever else is different fails the check, and
/// what is listed here and different no more does so, too.
///
/// Not compared, because a real broker does it when it likes: how long markers take, and what is told in the meantime (clients ask again), how
/// records are batched, which ids members get, and how the leader of a group divides the partitions.
enum KnownDifference: String, CaseIterable, Sendable {
  case fetchBehindEnd = "A fetch behind the end of a log finds nothing, instead of being refused"
  case logBegin = "All logs begin at 0"
  case tombstoneTime = "A tombstone's time runs from its writing, not from the first compaction that meets it"
  case activeSegment = "The newest records are compacted, too, and displace those before them"
  case leaderRejoin = "A leader that joins again has its generation told once more, instead of beginning another"
  case waitingBeat = "The heartbeat of a member that waits for its generation is answered that all is well"
  case repeatedProduce = "A produce request that is sent again after its transaction is known still"

  /// Why it does no harm.
  var reason: String {
    switch self {
    case .fetchBehindEnd:
      "No worker fetches there: a committed offset behind the end stops the lane before it is started, and so does a checkpoint."
    case .logBegin:
      """
      Nothing in a history deletes requests: retention and deleted records are tried on a real Kafka. A lane without a committed offset starts at \
      the low watermark, which is 0 here.
      """
    case .tombstoneTime:
      """
      Here tombstones go earlier than any Kafka lets them go. What a worker has to survive is that one is gone which it has not seen; that \
      comes about more often.
      """
    case .activeSegment:
      "Kafka leaves more records than it has to. A reader that gets along with the fewest gets along with more; the last record stays in both."
    case .leaderRejoin:
      """
      It is one rebalance more, without any change of members. Histories have many, and the answers that are lost here are those after \
      which a client joins again.
      """
    case .waitingBeat: "The worker's client sends none before it has its generation."
    case .repeatedProduce:
      """
      The worker ends a transaction only when all of its records are acknowledged. A repeated request that comes later still is not awaited \
      by anybody, and in neither of the two is anything written.
      """
    }
  }

  /// What shows it, with its last step.
  var scenario: Scenario {
    switch self {
    case .fetchBehindEnd: Scenario(rawValue, [.read(.requests0, from: 3)])
    case .logBegin:
      Scenario(rawValue, [.write(.requests0, [Item(1, 1), Item(2, 1)]), .deleteRecords(.requests0, before: 1)])
    case .tombstoneTime:
      Scenario(
        rawValue, [.write(.state0, [Item(1, 1), Item(1, nil)]), .compact([Item(101, 1)])],
        settings: .init(tombstonesGo: true, isCompacted: true))
    case .activeSegment:
      Scenario(
        rawValue, [.write(.state0, [Item(1, 1)]), .compact([Item(1, 2)])], settings: .init(isCompacted: true))
    case .leaderRejoin: Scenario(rawValue, [.arrive(0), .rejoin([Life(0)])])
    case .waitingBeat: Scenario(rawValue, [.arrive(0), .arrive(1), .beat(Life(1))])
    case .repeatedProduce:
      Scenario(
        rawValue,
        [
          .initialise(0), .add(Life(0), [.state0]), .produce(Life(0), .state0, [Item(1, 1)], request: 1),
          .end(Life(0), commit: true), .produce(Life(0), .state0, [Item(1, 1)], request: 1),
        ])
    }
  }

  /// What is different.
  var difference: String {
    switch self {
    case .fetchBehindEnd:
      """
      simulated: records([], position: 3)
      real:      offsetOutOfRange
      """
    case .logBegin:
      """
      read_committed records of requests/0
      simulated: [0:1=1, 1:2=1]
      real:      [1:2=1]
      read_uncommitted records of requests/0
      simulated: [0:1=1, 1:2=1]
      real:      [1:2=1]
      """
    case .tombstoneTime:
      """
      read_committed records of state/0
      simulated: [2:101=1]
      real:      [1:1=-, 2:101=1]
      read_uncommitted records of state/0
      simulated: [2:101=1]
      real:      [1:1=-, 2:101=1]
      """
    case .activeSegment:
      """
      read_committed records of state/0
      simulated: [1:1=2]
      real:      [0:1=1, 1:1=2]
      read_uncommitted records of state/0
      simulated: [1:1=2]
      real:      [0:1=1, 1:1=2]
      """
    case .leaderRejoin:
      """
      membership of 0/1
      simulated: generation 1
      real:      generation 2
      """
    case .waitingBeat:
      """
      simulated: done
      real:      gone
      """
    case .repeatedProduce:
      """
      simulated: done
      real:      invalidState
      """
    }
  }
}
