/// The worker's protocol as a pure state machine: events in, effects out; no clock, no IO, no randomness of its own.
///
/// One thread owns it, so nothing is locked; a seed and a list of events give the same effects everywhere.
/// The way of one link: `received` → `found` → `admit` → `dispatch` → `answered` → `journaled` → `propose` → `buildBatch` →
/// `ended` → `applied`.
public struct Engine: ~Copyable {
  let settings: EngineSettings
  let reader: RequestReader
  let writer: EventWriter
  let sha256: SHA256Function
  var random: SeededRandom

  /// Held partitions.
  var lanes: [Int32: Lane] = [:]
  var epoch: UInt64 = 0
  /// Links in motion.
  var active: [LinkKey: ActiveLink] = [:]
  /// Whose turn it is.
  var users = UserQueues()
  /// Links that have their user's turn and wait for a slot.
  var ready = ReadyQueue()
  /// The partition whose due links the store was last asked for.
  var lastScanned: Int32 = -1
  /// Calls in flight, their lanes' departure notwithstanding.
  var calls: [UInt64: CallInFlight] = [:]
  var gate = CredentialGate()
  var breaker = CircuitBreaker()
  var concurrencyLimit: ConcurrencyLimit
  var pace = CallPace()
  var slots = SlotShare()
  /// When calls last succeeded, for two users at most: whether "others succeed" is all that is asked.
  var lastSuccesses: [Int64: Timestamp] = [:]
  /// What the store was asked and has not answered.
  var tickets: [UInt64: Ticket] = [:]
  var commits = CommitQueue()
  /// When a refused credential's file is looked at next.
  var nextCredentialCheck: Milliseconds = 0
  /// When held-up requests are looked for next.
  var nextHoldCheck: Milliseconds = 0
  var isStopping = false
  var hasFinished = false
  private var counter: UInt64 = 0
  var effects: [Effect] = []
  /// The step's own clocks.
  var now: Now

  /// An engine with no partitions.
  public init(settings: EngineSettings, sha256: @escaping SHA256Function, now: Now) {
    self.settings = settings
    self.sha256 = sha256
    self.now = now
    reader = RequestReader(eventMaxBytes: settings.eventMaxBytes)
    writer = EventWriter(
      groupID: settings.groupID, instanceID: settings.instanceID, requestsTopic: settings.requestsTopic, sha256: sha256,
      deadLetterMaxBytes: settings.deadLetterMaxBytes)
    random = SeededRandom(seed: settings.seed)
    concurrencyLimit = ConcurrencyLimit(ceiling: settings.concurrency)
  }

  /// Takes one event in and says what is to be done for it, in order.
  public mutating func step(_ event: Event, now: Now) -> [Effect] {
    self.now = now
    take(event)
    dispatch()
    buildBatch()
    finishIfStopped()
    defer { effects = [] }
    return effects
  }

  private mutating func take(_ event: Event) {
    switch event {
    case .assigned(let partitions): assign(partitions)
    case .opened(let opening): open(opening)
    case .blocked(let lane, let reason): block(lane, reason)
    case .lost(let partition, let reason): if let lane = lanes[partition] { block(lane.id, reason) }
    case .revoking: commits.isHeld = true
    case .revoked(let partitions): revoke(partitions)
    case .received(let record): receive(record)
    case .reachedEnd(let partition, let offset): reachEnd(partition, offset)
    case .stored(let answers): for answer in answers { store(answer) }
    case .answered(let call, let answer): answered(call, answer)
    case .credentialChanged: gate.renew(uptime: now.uptime)
    case .ended(let batch, let result): ended(batch, result)
    case .tick: tick()
    case .stop: stop()
    }
  }

  private mutating func store(_ answer: StoreAnswer) {
    switch answer {
    case .found(let ticket, let link, let journaled): found(ticket, link, journaled)
    case .journaled(let ticket): journaled(ticket)
    case .applied(let ticket): applied(ticket)
    case .due(let ticket, let links, let next): due(ticket, links, next)
    case .expired(let ticket, let keys): expired(ticket, keys)
    }
  }

  /// Whether more records may come: past this, the surroundings hold them back.
  public var wantsRecords: Bool {
    !isStopping && ready.count < settings.readyLimit && unsettledCount < settings.windowLimit
      && lanes.values.reduce(0) { $0 + $1.offsets.unsettledBytes } < settings.windowByteLimit
  }

  /// What is in motion, for the health page and the log.
  public var load: Load {
    Load(
      lanes: lanes.count, open: lanes.values.count { $0.phase == .open }, calls: calls.count, ready: ready.count,
      unsettled: unsettledCount, refused: commits.restingCount, credentialRefused: gate.isRefused,
      breaker: breakerSeen, concurrencyLimit: concurrencyLimit.limit, callsPerSecond: pace.perSecond(uptime: now.uptime)
    )
  }

  /// The link that a call under way is for; nil once it is answered.
  public func link(ofCall id: UInt64) -> LinkKey? { calls[id]?.key }

  /// The breaker as it is worth telling: an open one whose probe may go, and for which nobody waits, says nothing of the adapter any more.
  private var breakerSeen: BreakerState {
    guard breaker.state == .open, let probeAt = breaker.probeAt, probeAt <= now.uptime, ready.isEmpty else {
      return breaker.state
    }
    let soon = now.wall + Self.putOffLimit
    return lanes.values.contains { $0.nextWake.map { $0 <= soon } ?? false } ? .open : .halfOpen
  }

  /// A look at the engine from outside.
  public struct Load: Equatable, Sendable {
    /// Partitions held.
    public var lanes: Int
    /// Those of them whose records may come.
    public var open: Int
    /// Calls in flight.
    public var calls: Int
    /// Links that wait for a slot.
    public var ready: Int
    /// Records received and not settled.
    public var unsettled: Int
    /// Decisions whose records the broker refuses.
    public var refused: Int
    /// Whether the adapter refuses the credential.
    public var credentialRefused: Bool
    /// Whether the adapter is taken to be down.
    public var breaker: BreakerState
    /// Calls that may be under way.
    public var concurrencyLimit: Int
    /// Calls that may begin in a second; nil where nothing limits them.
    public var callsPerSecond: Double?
  }

  private var unsettledCount: Int { lanes.values.reduce(0) { $0 + $1.offsets.unsettledCount } }

  /// A number that no other ticket, call, batch or decision of this engine has.
  mutating func nextNumber() -> UInt64 {
    counter += 1
    return counter
  }

  /// Whether this assignment still holds.
  func holds(_ id: LaneID) -> Bool { lanes[id.partition]?.id == id }

  mutating func note(_ kind: Note.Decided.Kind, lane: LaneID, offset: Int64?, key: LinkKey?, code: String? = nil) {
    effects.append(
      .note(.decided(.init(kind: kind, partition: lane.partition, offset: offset, key: key, code: code, due: nil))))
  }
}

/// A call of the adapter that is under way.
struct CallInFlight: Sendable {
  var key: LinkKey
  var lane: LaneID
  /// The link and its request as they were when the call began: they outlive the lane.
  var link: Link
  var request: LinkRequest
  var at: Timestamp
  var since: Milliseconds
}

/// What a question to the store was for.
enum Ticket: Sendable {
  case lookUp(LinkKey, first: Incoming)
  /// An answer for an earlier assignment of the partition came in: it may be journaled now.
  case recheck(LinkKey, LaneID)
  /// The proposal is nil where the lane had gone when the answer came: it is kept for the next owner on this disk.
  case journal(LinkKey, Proposal?)
  case apply(keys: [(LinkKey, LaneID)], wakes: [Int32: Timestamp])
  case due(LaneID)
  case parked(LaneID, userId: Int64)
  case expired(LaneID)
}
