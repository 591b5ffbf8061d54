extension StateRecord {
  /// The record as it stands in Kafka: the key, and the value as JSON of version 1 (nil for a tombstone).
  ///
  /// Moments are milliseconds since the epoch, digests hexadecimal, a request's `context` the bytes that were sent. A link that has
  /// succeeded has no request any more.
  public func encoded() -> (key: [UInt8], value: [UInt8]?) {
    (key.encoded(), value)
  }

  private var value: [UInt8]? {
    switch self {
    case .link(let link):
      var json = JSONWriter(capacity: 768 + (link.request?.context?.count ?? 0))
      json.link(link)
      return json.bytes
    case .mark(let mark):
      var json = JSONWriter(capacity: 192)
      json.begin(kind: "mark")
      json.member("partition", Int64(mark.partition))
      json.member("offset", mark.offset)
      json.name("digest")
      json.digest(mark.digest)
      json.endObject()
      return json.bytes
    case .identity(let partition, let identity):
      var json = JSONWriter(capacity: 128)
      json.begin(kind: "identity")
      json.member("partition", Int64(partition))
      json.name("identity")
      json.string(utf8: identity.hex)
      json.endObject()
      return json.bytes
    case .tombstone: return nil
    }
  }
}

extension JSONWriter {
  fileprivate mutating func link(_ link: Link) {
    begin(kind: "link")
    member("userId", link.key.userId)
    member("idempotencyKey", link.key.idempotencyKey)
    name("fingerprint")
    digest(link.fingerprint)
    var request = link.request
    switch link.state {
    case .scheduled(let due):
      member("state", "scheduled")
      member("due", due.milliseconds)
    case .succeeded(let at):
      member("state", "succeeded")
      member("at", at.milliseconds)
      request = nil
    case .failed(let at, let code):
      member("state", "failed")
      member("at", at.milliseconds)
      member("code", Text(code.rawValue))
    }
    member("partition", Int64(link.origin.partition))
    member("offset", link.origin.offset)
    member("recordTime", link.origin.timestamp.milliseconds)
    member("attemptCount", Int64(link.attemptCount))
    member("ambiguousCount", Int64(link.ambiguousCount))
    name("attempts")
    beginArray()
    for attempt in link.attempts { self.attempt(attempt) }
    endArray()
    member("replay", Int64(link.replay))
    name("replays")
    beginArray()
    for replay in link.replays { self.replay(replay) }
    endArray()
    if let request { self.request(request) }
    endObject()
  }

  private mutating func attempt(_ attempt: Attempt) {
    beginObject()
    member("at", attempt.at.milliseconds)
    member("verdict", Text(attempt.verdict.rawValue))
    if let status = attempt.status { member("status", Int64(status)) }
    if let wait = attempt.wait { member("wait", wait) }
    endObject()
  }

  private mutating func replay(_ replay: Link.AcceptedReplay) {
    beginObject()
    member("id", replay.id)
    member("at", replay.at.milliseconds)
    member("reason", replay.reason)
    member("operator", replay.operator)
    endObject()
  }

  private mutating func request(_ request: LinkRequest) {
    name("request")
    beginObject()
    member("id", request.id)
    member("source", request.source)
    scope(request.scope)
    if let deadline = request.deadline { member("deadline", deadline.milliseconds) }
    if let context = request.context {
      name("context")
      verbatim(context)
    }
    if let traceparent = request.trace.traceparent { member("traceparent", traceparent) }
    if let tracestate = request.trace.tracestate { member("tracestate", tracestate) }
    endObject()
  }

  fileprivate mutating func begin(kind: Text) {
    beginObject()
    member("v", 1)
    member("kind", kind)
  }

  /// The members that say what would be granted, as requests, outcomes and state records write them.
  public mutating func scope(_ scope: LinkScope) {
    name("brokerNames")
    beginArray()
    for name in scope.brokerNames { string(name) }
    endArray()
    switch scope.accounts {
    case .some(let ids):
      name("ctidTraderAccountIds")
      beginArray()
      for id in ids { integer(id) }
      endArray()
    case .all:
      name("allAccounts")
      boolean(true)
    }
    if let isVerified = scope.isVerified {
      name("isVerified")
      boolean(isVerified)
    }
  }

  mutating func member(_ name: StaticString, _ value: Int64) {
    self.name(name)
    integer(value)
  }

  mutating func member(_ name: StaticString, _ value: Text) {
    self.name(name)
    string(value)
  }
}

extension Identity {
  /// Its 32 lower-case hexadecimal digits in ASCII.
  fileprivate var hex: [UInt8] {
    [high, low].flatMap { half in
      stride(from: UInt64(60), through: 0, by: -4).map { shift in
        let digit = UInt8(truncatingIfNeeded: half >> shift & 15)
        return digit < 10 ? 0x30 + digit : 0x61 + digit - 10
      }
    }
  }
}
