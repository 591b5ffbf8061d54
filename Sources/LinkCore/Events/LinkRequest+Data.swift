extension LinkRequest {
  /// The link request in an event's `data`.
  init(_ fields: DataFields, id: Text, source: Text, trace: TraceContext) throws(Malformation) {
    try fields.refuseOthers(than: Self.fields)
    let userId = try fields.userId()
    let scope = try fields.scope()
    // The limit of 255 characters is for a key that was given: the default may have 511, and refusing it would refuse every
    // event with a long source.
    let idempotencyKey = try fields.idempotencyKey() ?? Text(checked: source.utf8 + [UInt8(ascii: "#")] + id.utf8)
    self.init(
      id: id, source: source, userId: userId, idempotencyKey: idempotencyKey, scope: scope,
      deadline: try fields.deadline(),
      context: try fields.context(), trace: trace)
  }

  private static let fields: [StaticString] = [
    "userId", "brokerNames", "ctidTraderAccountIds", "allAccounts", "isVerified", "idempotencyKey", "deadline",
    "context",
  ]

  /// What a refusal of it is addressed to.
  public var identity: RequestIdentity {
    RequestIdentity(
      id: id, source: source, userId: userId, idempotencyKey: idempotencyKey, context: context, trace: trace)
  }
}

extension ReplayRequest {
  /// The replay request in an event's `data`.
  init(_ fields: DataFields, id: Text, source: Text, trace: TraceContext) throws(Malformation) {
    try fields.refuseOthers(than: Self.fields)
    let key = LinkKey(userId: try fields.userId(), idempotencyKey: try fields.linkKey())
    self.init(
      id: id, source: source, key: key, reason: try fields.text("reason", limit: 500),
      operator: try fields.text("operator", limit: 255), deadline: try fields.deadline(),
      force: try fields.boolean("force") ?? false, trace: trace)
  }

  private static let fields: [StaticString] = ["userId", "idempotencyKey", "reason", "operator", "deadline", "force"]

  /// What a refusal of it is addressed to.
  public var identity: RequestIdentity {
    RequestIdentity(id: id, source: source, userId: key.userId, idempotencyKey: key.idempotencyKey, trace: trace)
  }
}
