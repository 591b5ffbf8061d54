/// What a record of the requests topic turned out to be.
public enum Reading: Equatable, Sendable {
  /// A link request that passed every check but its age and home.
  case link(LinkRequest)
  /// A replay request that passed every check but its age and home.
  case replay(ReplayRequest)
  /// Neither: a dead letter, and a refusal where `identity` could be read.
  case malformed(Malformation, identity: RequestIdentity?)
  /// A CloudEvent of a type that the worker does not serve: a dead letter only, or passed over by `requests.unknown.type=skip`.
  case unknownType(Malformation)
  /// A record without a value: skipped and counted.
  case empty
}

/// Why a record cannot be served: a dead letter's `__connect.errors.exception.*` headers, and a refusal's detail.
public struct Malformation: Error, Equatable, Sendable {
  /// The class of the fault.
  public var reason: Reason
  /// A JSON pointer (RFC 6901) to the place, empty for the whole.
  public var pointer: String
  /// What is wrong there, in a sentence that never holds the value.
  public var sentence: String

  /// The classes, by the names that a dead letter's header has (`schemas/`).
  public enum Reason: String, Sendable, CaseIterable {
    /// Over `event.max.bytes`.
    case tooLarge = "too_large"
    /// Not UTF-8.
    case notUTF8 = "not_utf8"
    /// Not JSON as RFC 8259 has it.
    case notJSON = "not_json"
    /// More than 32 levels.
    case tooDeep = "too_deep"
    /// A name twice in one object.
    case duplicateName = "duplicate_name"
    /// Not a CloudEvent 1.0, or of a content type that is not served.
    case notCloudEvent = "not_cloudevent"
    /// A type that is not served.
    case unknownType = "unknown_type"
    /// `data` breaks a rule of its type.
    case invalidData = "invalid_data"
    /// Older than `state.retention.ms`.
    case expired
  }

  /// A fault at a place.
  public init(_ reason: Reason, at pointer: String = "", _ sentence: String) {
    self.reason = reason
    self.pointer = pointer
    self.sentence = sentence
  }
}

/// What could be read of a request that is refused.
public struct RequestIdentity: Equatable, Sendable {
  /// The CloudEvent's `id`.
  public var id: Text
  /// The CloudEvent's `source`.
  public var source: Text
  /// `userId`, where it could be read.
  public var userId: Int64?
  /// `idempotencyKey` as written, where it could be read.
  public var idempotencyKey: Text?
  /// `context` byte for byte, where it could be read.
  public var context: [UInt8]?
  /// The trace context.
  public var trace: TraceContext

  /// What could be read.
  public init(
    id: Text, source: Text, userId: Int64? = nil, idempotencyKey: Text? = nil, context: [UInt8]? = nil,
    trace: TraceContext = TraceContext()
  ) {
    self.id = id
    self.source = source
    self.userId = userId
    self.idempotencyKey = idempotencyKey
    self.context = context
    self.trace = trace
  }
}
