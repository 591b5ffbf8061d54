import LinkCore

/// What an audit keeps of a link: fixed and small, for there may be millions.
struct AuditedLink {
  /// What the state topic says of it.
  enum State: UInt8 {
    case none, scheduled, succeeded, failed
  }

  /// What is known of a link beside its figures.
  struct Flags: OptionSet {
    let rawValue: UInt8
    /// Some outcome of it was seen.
    static let hasOutcome = Flags(rawValue: 1)
    /// The outcome of the highest replay number is a token.
    static let isToken = Flags(rawValue: 2)
    /// It was forgotten, and made anew.
    static let isRenewed = Flags(rawValue: 4)
    /// Some request of it was seen.
    static let hasRequest = Flags(rawValue: 8)
    /// Some request of the outcome's scope was seen.
    static let hasScope = Flags(rawValue: 16)
    /// The request that the outcome names was seen.
    static let hasOrigin = Flags(rawValue: 32)
  }

  /// Of the last state, and of the last outcome.
  var stateFingerprint: UInt64 = 0, outcomeFingerprint: UInt64 = 0
  /// Of the request that the last outcome names, scope included.
  var outcomeName: UInt64 = 0
  /// When the last outcome was decided.
  var outcomeTime = Timestamp(milliseconds: 0)
  /// When the state's end came.
  var stateTime = Timestamp(milliseconds: 0)
  /// Replay numbers below 64 with an outcome, a bit each.
  var replaysSeen: UInt64 = 0
  /// Offset of the request that made it, as the state has it.
  var originOffset: Int64 = -1
  /// Where the state record and the last outcome lie.
  var stateOffset: Int64 = -1, outcomeOffset: Int64 = -1
  /// The partition of its requests and its state.
  var home: Int32
  var outcomePartition: Int32 = 0
  /// The state's replay number; the highest with an outcome; the highest with one that the state must know of. -1: none.
  var stateReplay: Int32 = -1, outcomeReplay: Int32 = -1, settledReplay: Int32 = -1
  var state = State.none
  var flags: Flags = []

  init(home: Int32) { self.home = home }

  var hasState: Bool { state != .none }
  var hasOutcome: Bool { flags.contains(.hasOutcome) }

  /// Whether state or outcome are of this scope.
  func isOf(_ fingerprint: UInt64) -> Bool {
    hasState && stateFingerprint == fingerprint || hasOutcome && outcomeFingerprint == fingerprint
  }
}

/// What an audit keeps of a record of the requests topic.
struct AuditedRequest {
  /// What the record turned out to be.
  enum Kind: UInt8 {
    /// A link request at home.
    case link
    /// A replay request at home.
    case replay
    /// A request of either type in another partition than its home.
    case astray
    /// Malformed; id and source can be read.
    case legible
    /// Malformed, or of an unknown type, without a refusal.
    case illegible
    /// Of an unknown type that is passed over.
    case skipped
  }

  /// Where it is.
  var place: AuditPlace
  /// Kafka's timestamp.
  var timestamp: Timestamp
  /// Half of the id that its refusal has.
  var refusal: UInt64 = 0
  /// A link request's scope; of a replay request the name of event and link.
  var fingerprint: UInt64 = 0
  /// Of a link request: id, source and scope.
  var name: UInt64 = 0
  /// Position of its link; of what is astray the home partition.
  var link: UInt32 = 0
  var kind: Kind
}

/// The refusals of one id, and what was expected of them.
struct AuditedRefusals {
  /// How many there are.
  var count: Int32 = 0
  /// By how many requests at least and at most one is expected.
  var least: Int32 = 0, most: Int32 = 0
  /// The reasons that they have, and those that fit the requests, as bits.
  var reasons: UInt8 = 0, fitting: UInt8 = 0
  /// A refusal; nil where there is none.
  var place: AuditPlace?
  /// A request, and what it means where its refusal is missing.
  var request: AuditPlace?
  var missing = AuditFindingKind.requestLost
  /// Expired requests with their dead letter.
  var expiredLetters: Int32 = 0
}

/// The dead letters of one record.
struct AuditedLetters {
  var count: Int32 = 1
  var isExpired: Bool
  /// Whether the record was seen.
  var isMatched = false
  /// The first of them.
  var place: AuditPlace
}

/// The records at home that say that they come from one place.
struct AuditedMoves {
  var count: Int32 = 1
  /// The last of them, and the id that its refusal would have: its request's id, source and value.
  var place: AuditPlace
  var refusal: UInt64
}
