/// A `link-account.requested.v1` event that passed every check.
public struct LinkRequest: Equatable, Sendable {
  /// The CloudEvent's `id`, 1-255 characters.
  public var id: Text
  /// The CloudEvent's `source`, 1-255 characters.
  public var source: Text
  /// The cTID, 1 … 2⁶³−1.
  public var userId: Int64
  /// The asker's key, or `source#id`.
  public var idempotencyKey: Text
  /// What would be granted.
  public var scope: LinkScope
  /// After it the answer is of no use to the asker.
  public var deadline: Timestamp?
  /// The `context` object, byte for byte as written.
  public var context: [UInt8]?
  /// The trace context, where there was one.
  public var trace: TraceContext

  /// A request.
  public init(
    id: Text, source: Text, userId: Int64, idempotencyKey: Text, scope: LinkScope, deadline: Timestamp? = nil,
    context: [UInt8]? = nil, trace: TraceContext = TraceContext()
  ) {
    self.id = id
    self.source = source
    self.userId = userId
    self.idempotencyKey = idempotencyKey
    self.scope = scope
    self.deadline = deadline
    self.context = context
    self.trace = trace
  }

  /// The link that it asks for.
  public var key: LinkKey { LinkKey(userId: userId, idempotencyKey: idempotencyKey) }
}

/// A `link-account.replay-requested.v1` event that passed every check.
public struct ReplayRequest: Equatable, Sendable {
  /// The CloudEvent's `id`: made of the replay job and the link, so that a repeat is known.
  public var id: Text
  /// The CloudEvent's `source`.
  public var source: Text
  /// The link to try again.
  public var key: LinkKey
  /// Why, 1-500 characters.
  public var reason: Text
  /// Who, 1-255 characters.
  public var `operator`: Text
  /// A new deadline for the link.
  public var deadline: Timestamp?
  /// Whether the loop guard is to be passed over.
  public var force: Bool
  /// The trace context, where there was one.
  public var trace: TraceContext

  /// A replay request.
  public init(
    id: Text, source: Text, key: LinkKey, reason: Text, operator: Text, deadline: Timestamp? = nil, force: Bool = false,
    trace: TraceContext = TraceContext()
  ) {
    self.id = id
    self.source = source
    self.key = key
    self.reason = reason
    self.operator = `operator`
    self.deadline = deadline
    self.force = force
    self.trace = trace
  }
}
