/// All that is known of one link: what the state topic keeps of it.
public struct Link: Equatable, Sendable {
  /// Its name.
  public var key: LinkKey
  /// Of the request that made it.
  public var fingerprint: Digest
  /// What became of it.
  public var state: State
  /// The whole request while the link has not succeeded.
  public var request: LinkRequest?
  /// Where and when Kafka had the request.
  public var origin: Origin
  /// Calls of the present replay number that count: sent, and not answered 401, 403 or 3xx.
  public var attemptCount: Int
  /// Those of them whose answer was lost.
  public var ambiguousCount: Int
  /// The last 32 attempts of all replay numbers, oldest first.
  public var attempts: [Attempt]
  /// 0, or the number of the accepted replay.
  public var replay: Int
  /// The accepted replays, oldest first: at most `replayLimit`.
  public var replays: [AcceptedReplay]

  /// What has been decided of a link.
  public enum State: Hashable, Sendable {
    /// To be tried (again) when `due` has come.
    case scheduled(due: Timestamp)
    /// Its token-ready is published.
    case succeeded(at: Timestamp)
    /// Its failed is published.
    case failed(at: Timestamp, code: FailureCode)
  }

  /// The record that asked for the link.
  public struct Origin: Hashable, Sendable {
    /// Partition of the requests topic.
    public var partition: Int32
    /// Offset there.
    public var offset: Int64
    /// Kafka's timestamp of the record.
    public var timestamp: Timestamp

    /// The place of a record.
    public init(partition: Int32, offset: Int64, timestamp: Timestamp) {
      self.partition = partition
      self.offset = offset
      self.timestamp = timestamp
    }
  }

  /// A replay that was accepted: the audit trail.
  public struct AcceptedReplay: Hashable, Sendable {
    /// The replay event's id, by which a repeat of it is known.
    public var id: Text
    /// When it was accepted.
    public var at: Timestamp
    /// Why, in the operator's words.
    public var reason: Text
    /// Who.
    public var `operator`: Text

    /// An accepted replay.
    public init(id: Text, at: Timestamp, reason: Text, operator: Text) {
      self.id = id
      self.at = at
      self.reason = reason
      self.operator = `operator`
    }
  }

  /// How many attempts a link remembers.
  public static let attemptLimit = 32

  /// A link.
  public init(
    key: LinkKey, fingerprint: Digest, state: State, request: LinkRequest?, origin: Origin, attemptCount: Int = 0,
    ambiguousCount: Int = 0, attempts: [Attempt] = [], replay: Int = 0, replays: [AcceptedReplay] = []
  ) {
    self.key = key
    self.fingerprint = fingerprint
    self.state = state
    self.request = request
    self.origin = origin
    self.attemptCount = attemptCount
    self.ambiguousCount = ambiguousCount
    self.attempts = attempts
    self.replay = replay
    self.replays = replays
  }
}

/// One call of the adapter, or one that could not be made, as a link remembers it.
public struct Attempt: Hashable, Sendable {
  /// The moment before the call.
  public var at: Timestamp
  /// How its answer was judged.
  public var verdict: Verdict
  /// The HTTP status, where there was one.
  public var status: Int?
  /// How long the link then waited, where it was scheduled.
  public var wait: Milliseconds?

  /// The judgements of an answer.
  public enum Verdict: String, Hashable, Sendable, CaseIterable {
    /// A token came.
    case succeeded
    /// Nothing was sent.
    case unsent
    /// Sent, and the answer lost or not to be read: a token may have been made.
    case ambiguous
    /// 401, a redirect, or 403 for everybody: speaks of the worker's own set-up.
    case credential
    /// 403 for this user.
    case forbidden
    /// To be tried again: 408, 425, 429, 5xx.
    case transient
    /// A final no.
    case rejected
  }

  /// An attempt.
  public init(at: Timestamp, verdict: Verdict, status: Int? = nil, wait: Milliseconds? = nil) {
    self.at = at
    self.verdict = verdict
    self.status = status
    self.wait = wait
  }
}

/// The codes of a `failed` event (`schemas/`).
public enum FailureCode: String, Hashable, Sendable, CaseIterable {
  /// The adapter said no.
  case adapterRejected = "adapter_rejected"
  /// 403 for this user while others succeed.
  case userForbidden = "user_forbidden"
  /// `retry.attempts` reached.
  case attemptsExhausted = "attempts_exhausted"
  /// Too many answers lost after sending.
  case ambiguousExhausted = "ambiguous_exhausted"
  /// The request's deadline, or `retry.deadline.ms`, passed.
  case deadlineExceeded = "deadline_exceeded"
}

/// The codes of a `refused` event (`schemas/`).
public enum RefusalCode: String, Hashable, Sendable, CaseIterable {
  /// Malformed, but `id` and `source` could be read.
  case invalidRequest = "invalid_request"
  /// Same link, other fingerprint.
  case idempotencyConflict = "idempotency_conflict"
  /// The record is older than `state.retention.ms`.
  case requestExpired = "request_expired"
  /// A replay of a link that is unknown, waiting or succeeded, or over `replay.limit`.
  case replayRefused = "replay_refused"
}
