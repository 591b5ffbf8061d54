/// What one decision asks of the next transaction, and what it means once that is committed.
struct Proposal: Sendable {
  var id: UInt64
  var lane: LaneID
  /// The link that it decides, where it decides one.
  var key: LinkKey?
  /// The received record that it settles, where it settles one.
  var settles: Int64?
  var records: [OutgoingRecord] = []
  var state: [StateRecord] = []
  /// The journaled answer that is spent with it.
  var journal: JournalKey?
  /// When its link was asked for, where it ends one: by Kafka's timestamp of the request, or by the acceptance of its replay.
  var askedAt: Timestamp?
  /// After a refusal by the broker: when it may be tried again, alone.
  var restsUntil: Milliseconds?

  func hasRested(_ uptime: Milliseconds) -> Bool { restsUntil.map { $0 <= uptime } ?? true }
}

/// Decisions on their way to Kafka: one transaction at a time, the rest in order behind it.
struct CommitQueue: Sendable {
  private var pending: Deque<Proposal> = Deque()
  /// Decisions whose records the broker refused: each is tried again alone, when it has rested.
  private var resting: [Proposal] = []
  /// The transaction under way.
  private(set) var inFlight: InFlight?
  /// After the group refused a transaction nothing is begun until the next assignment.
  var isHeld = false
  /// When the oldest thing that waits began to wait.
  private var waitsSince: Milliseconds?
  /// When the next transaction may begin: some time after a commit, more after a failure.
  private(set) var notBefore: Milliseconds = 0
  /// Transactions that failed since one was committed, up to the number that sets the longest pause.
  private(set) var failures = 0
  /// Whether the last transaction was one of a decision that rested: then the others have theirs first.
  private var lastWasRested = false

  struct InFlight: Sendable {
    var batch: Batch
    var proposals: [Proposal]
    /// Every lane in the batch.
    var lanes: Set<LaneID>
    var since: Milliseconds
  }

  /// Decisions that wait for a transaction, those that rest aside.
  var pendingCount: Int { pending.count }
  /// Decisions that the broker refuses.
  var restingCount: Int { resting.count }

  /// Decisions of a lane that the broker refuses.
  func restingCount(of lane: LaneID) -> Int { resting.count { $0.lane == lane } }

  /// Nothing waits and nothing is under way, but for what the broker refuses.
  var isIdle: Bool { inFlight == nil && (isHeld || waitsSince == nil) }

  mutating func add(_ proposal: Proposal, uptime: Milliseconds) {
    pending.append(proposal)
    noteMovement(uptime)
  }

  mutating func noteMovement(_ uptime: Milliseconds) { waitsSince = waitsSince ?? uptime }

  mutating func removeAll(where matches: (Proposal) -> Bool) {
    pending.removeAll(where: matches)
    resting.removeAll(where: matches)
  }

  /// Whether a transaction is to begin now.
  func isDue(uptime: Milliseconds, linger: Milliseconds, limit: Int, isStopping: Bool) -> Bool {
    guard inFlight == nil, !isHeld, uptime >= notBefore else { return false }
    if hasRested(uptime) { return true }
    guard let waitsSince else { return false }
    return isStopping || pending.count >= limit || uptime - waitsSince >= linger
  }

  /// When a transaction will be due by the passing of time alone.
  func nextTimer(linger: Milliseconds) -> Milliseconds? {
    guard inFlight == nil, !isHeld else { return nil }
    let rested = resting.compactMap(\.restsUntil).min().map { max($0, notBefore) }
    let lingered = waitsSince.map { max($0 + linger, notBefore) }
    return [rested, lingered].compactMap(\.self).min()
  }

  /// Takes up to `limit` decisions out of the queue. One that the broker refused before is taken alone.
  mutating func take(limit: Int, uptime: Milliseconds) -> [Proposal] {
    waitsSince = nil
    defer { if !pending.isEmpty { waitsSince = uptime } }
    if !lastWasRested || pending.isEmpty, let rested = resting.firstIndex(where: { $0.hasRested(uptime) }) {
      lastWasRested = true
      return [resting.remove(at: rested)]
    }
    lastWasRested = false
    var taken: [Proposal] = []
    while taken.count < limit, !pending.isEmpty { taken.append(pending.removeFirst()) }
    return taken
  }

  mutating func begin(_ transaction: InFlight) { inFlight = transaction }

  /// Ends the transaction under way, if it is this one.
  mutating func end(_ batch: UInt64) -> InFlight? {
    guard let ended = inFlight, ended.batch.id == batch else { return nil }
    inFlight = nil
    return ended
  }

  /// Notes a commit, after which transactions rest.
  mutating func noteCommit(uptime: Milliseconds, rest: Milliseconds) {
    failures = 0
    notBefore = uptime + rest
  }

  /// Puts decisions back at the front, and lets some time pass before the next transaction.
  mutating func putBack(_ proposals: [Proposal], uptime: Milliseconds, afterFailure: Bool) {
    resting += proposals.filter { $0.restsUntil != nil }
    pending.prepend(proposals.filter { $0.restsUntil == nil })
    waitsSince = uptime
    guard afterFailure else { return }
    failures = min(failures + 1, 6)
    notBefore = uptime + (100 << failures)
  }

  private func hasRested(_ uptime: Milliseconds) -> Bool {
    resting.contains { $0.hasRested(uptime) }
  }
}
