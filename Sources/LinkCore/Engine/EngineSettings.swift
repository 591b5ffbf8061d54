/// What the engine must know of its surroundings; fixed for its life.
public struct EngineSettings: Sendable {
  /// Partitions of the requests topic: where home is.
  public var partitionCount: Int32
  /// The consumer group: the outcomes' `source` and a dead letter's connector name.
  public var groupID: String
  /// This worker: a dead letter's task id.
  public var instanceID: String
  /// The requests topic's name: a dead letter's and a moved request's provenance.
  public var requestsTopic: String
  /// Bytes that an event may have.
  public var eventMaxBytes: Int
  /// Bytes that a record of the dead-letter topic may have.
  public var deadLetterMaxBytes: Int
  /// What becomes of a CloudEvent of a type that is not served.
  public var unknownType: UnknownTypePolicy
  /// Calls of the adapter at once, at most.
  public var concurrency: Int
  /// Calls of the adapter in a second, over the whole fleet; nil: as many as it bears.
  public var callsPerSecond: Int?
  /// When and how often a link is tried again.
  public var retry: RetryPolicy
  /// Which noes of the adapter are worth another try.
  public var answers: AnswerRules
  /// A token's life, counted from the moment before its call.
  public var tokenLife: Milliseconds
  /// How long an ended link is remembered, and how old a request may be.
  public var stateRetention: Milliseconds
  /// Accepted replays of a link past which only forced ones are accepted.
  public var replayLimit: Int
  /// How long a decision may wait for company before its transaction begins.
  public var commitLinger: Milliseconds
  /// Decisions that one transaction takes at most.
  public var commitBatch: Int
  /// The first number of the jitter and of new identities.
  public var seed: UInt64

  /// The choices of `requests.unknown.type`.
  public enum UnknownTypePolicy: String, Sendable, CaseIterable {
    /// Dead-letter it.
    case deadLetter = "dead-letter"
    /// Pass over it.
    case skip
  }

  /// Settings; where a default stands it is the one of the setting of that name.
  public init(
    partitionCount: Int32, groupID: String, instanceID: String, requestsTopic: String, eventMaxBytes: Int = 65_536,
    deadLetterMaxBytes: Int = 1_048_576, unknownType: UnknownTypePolicy = .deadLetter, concurrency: Int = 64,
    callsPerSecond: Int? = nil, retry: RetryPolicy = RetryPolicy(), answers: AnswerRules = AnswerRules(),
    tokenLife: Milliseconds = 30 * 86_400_000, stateRetention: Milliseconds = 45 * 86_400_000, replayLimit: Int = 10,
    commitLinger: Milliseconds = 5, commitBatch: Int = 1000, seed: UInt64
  ) {
    self.partitionCount = partitionCount
    self.groupID = groupID
    self.instanceID = instanceID
    self.requestsTopic = requestsTopic
    self.eventMaxBytes = eventMaxBytes
    self.deadLetterMaxBytes = deadLetterMaxBytes
    self.unknownType = unknownType
    self.concurrency = concurrency
    self.callsPerSecond = callsPerSecond
    self.retry = retry
    self.answers = answers
    self.tokenLife = tokenLife
    self.stateRetention = stateRetention
    self.replayLimit = replayLimit
    self.commitLinger = commitLinger
    self.commitBatch = commitBatch
    self.seed = seed
  }

  /// How long transactions rest after a commit. Its markers are still being written then: where the next transaction comes too early, the
  /// coordinator says so (CONCURRENT_TRANSACTIONS), and librdkafka asks again only after 20 ms.
  var commitRest: Milliseconds { 10 }
  /// Received records that may be unsettled at once, over all lanes, before no more are taken.
  var windowLimit: Int { max(4 * commitBatch, 8 * concurrency) }
  /// The same in bytes of their values.
  var windowByteLimit: Int { 32 << 20 }
  /// Received records of one lane past its first unsettled one, before that lane alone is paused: a record that the broker refuses must
  /// not let the others of its lane pile up in memory.
  var laneWindowLimit: Int { windowLimit }
  /// Decisions of one lane that the broker refuses and that are kept to be tried again, before that lane takes nothing more.
  var laneRestLimit: Int { 128 }
  /// Links that wait for a slot before no more records are taken.
  var readyLimit: Int { 4 * concurrency }
  /// Due links that are in memory at once.
  var dueLimit: Int { 2 * concurrency }
  /// As many there must be room for before the store is asked: each question costs a transaction.
  var dueRoomLeast: Int { max(dueLimit / 4, 1) }
  /// While no calls are made: how long a lane rests that found due links and none past its deadline. They could only be put off: a million of
  /// them stay due where they are, for next to nothing.
  var closedScanRest: Milliseconds { 1000 }
  /// Requests of one user that wait in memory for their turn; those beyond wait in the store.
  var userQueueLimit: Int { 16 }
  /// How long a request may be held up by its own user's earlier one before it is settled as scheduled.
  var userHoldLimit: Milliseconds { 1000 }
  /// How long a decision rests whose record the broker refused.
  var refusedRest: Milliseconds { 30_000 }
  /// How often ended links are looked through for those past retention.
  var purgeInterval: Milliseconds { 60_000 }
  /// Links that one purge takes.
  var purgeSlice: Int { 200 }
}
