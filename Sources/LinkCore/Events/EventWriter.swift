/// Writes what the worker publishes: outcomes, refusals, dead letters and moved requests, as the records that a transaction produces.
///
/// Pure: the same decision is written with the same bytes however often it is taken again.
public struct EventWriter: Sendable {
  let groupID: String
  let instanceID: String
  let requestsTopic: String
  let sha256: SHA256Function
  let deadLetterMaxBytes: Int

  /// A writer for one worker.
  ///
  /// - Parameters:
  ///   - groupID: the consumer group, of which every event's `source` is made.
  ///   - instanceID: the worker, named in dead letters.
  ///   - requestsTopic: where the requests come from.
  ///   - sha256: the digest of which event ids are made.
  ///   - deadLetterMaxBytes: `max.message.bytes` of the dead-letter topic; what would not fit is cut.
  public init(
    groupID: String, instanceID: String, requestsTopic: String, sha256: @escaping SHA256Function,
    deadLetterMaxBytes: Int
  ) {
    self.groupID = groupID
    self.instanceID = instanceID
    self.requestsTopic = requestsTopic
    self.sha256 = sha256
    self.deadLetterMaxBytes = deadLetterMaxBytes
  }

  /// The `source` of the events that the workers of a group publish.
  public static func source(ofGroup groupID: String) -> Text { Text("/linkworker/" + groupID) }

  /// The `token-ready` event of a link. `issuedAt` is the moment before the successful call.
  public func tokenReady(
    link: Link, request: LinkRequest, token: Secret, issuedAt: Timestamp, expiresAt: Timestamp, decidedAt: Timestamp
  ) -> OutgoingRecord {
    outcome(.tokenReady, link: link, request: request, decidedAt: decidedAt) { json in
      json.name("token")
      json.string(utf8: token.reveal())
      json.member("issuedAt", moment: issuedAt)
      json.member("expiresAt", moment: expiresAt)
    }
  }

  /// The `failed` event of a link.
  public func failed(link: Link, request: LinkRequest, error: EventError, decidedAt: Timestamp) -> OutgoingRecord {
    outcome(.failed, link: link, request: request, decidedAt: decidedAt) { json in json.member(error: error) }
  }

  /// The `refused` event of one request. `recordDigest` is the SHA-256 of the record's value alone, so that a request that was moved has
  /// the same refusal.
  public func refused(
    identity: RequestIdentity, error: EventError, recordDigest: Digest, decidedAt: Timestamp
  ) -> OutgoingRecord {
    let id = Self.refusalID(of: identity, recordDigest: recordDigest, sha256: sha256)
    let value = event(.refused, id: id, decidedAt: decidedAt) { json in
      json.member("requestId", identity.id)
      json.member("requestSource", identity.source)
      if let idempotencyKey = identity.idempotencyKey { json.member("idempotencyKey", idempotencyKey) }
      if let userId = identity.userId { json.member("userId", userId) }
      json.member(error: error)
      json.member(context: identity.context)
    }
    return record(key: identity.userId.map { Array(decimal: $0) }, value: value, trace: identity.trace)
  }

  /// The `id` of the refusal of a request: the same for records with the same `id`, `source` and value, wherever they lie.
  public static func refusalID(of identity: RequestIdentity, recordDigest: Digest, sha256: SHA256Function) -> Digest {
    var form = BinaryWriter(capacity: 640)
    form.string("linkworker/refused/1")
    form.bytes(identity.source.utf8)
    form.bytes(identity.id.utf8)
    form.bytes(recordDigest.bytes)
    return sha256(form.bytes)
  }

  /// Identity and scope, what is the outcome's own, and how it came about. The id is made of link and replay number alone, for only one
  /// of token-ready and failed may be visible for them.
  private func outcome(
    _ type: EventType, link: Link, request: LinkRequest, decidedAt: Timestamp, own: (inout JSONWriter) -> Void
  ) -> OutgoingRecord {
    var form = BinaryWriter(capacity: 320)
    form.string("linkworker/outcome/1")
    form.integer(link.key.userId)
    form.bytes(link.key.idempotencyKey.utf8)
    form.count(link.replay)
    let value = event(type, id: sha256(form.bytes), decidedAt: decidedAt) { json in
      json.member("requestId", request.id)
      json.member("requestSource", request.source)
      json.member("idempotencyKey", link.key.idempotencyKey)
      json.member("userId", link.key.userId)
      json.scope(request.scope)
      own(&json)
      json.member("attempts", Int64(link.attemptCount))
      json.member("replay", Int64(link.replay))
      json.member(context: request.context)
    }
    return record(key: Array(decimal: link.key.userId), value: value, trace: request.trace)
  }

  private func event(
    _ type: EventType, id: Digest, decidedAt: Timestamp, data: (inout JSONWriter) -> Void
  ) -> [UInt8] {
    var json = JSONWriter(capacity: 1536)
    json.beginObject()
    json.member("specversion", "1.0")
    json.name("id")
    json.digest(id)
    json.member("source", Self.source(ofGroup: groupID))
    json.member("type", Text(type.rawValue))
    json.member("time", moment: decidedAt)
    json.member("datacontenttype", "application/json")
    json.name("data")
    json.beginObject()
    data(&json)
    json.endObject()
    json.endObject()
    return json.bytes
  }

  private func record(key: [UInt8]?, value: [UInt8], trace: TraceContext) -> OutgoingRecord {
    var headers = [Header("content-type", "application/cloudevents+json")]
    if let traceparent = trace.traceparent { headers.append(Header("traceparent", traceparent.string)) }
    if let tracestate = trace.tracestate { headers.append(Header("tracestate", tracestate.string)) }
    return OutgoingRecord(topic: .outcomes, key: key, value: value, headers: headers)
  }
}

extension JSONWriter {
  fileprivate mutating func member(_ name: StaticString, moment: Timestamp) {
    self.name(name)
    string(utf8: moment.rfc3339Bytes)
  }

  fileprivate mutating func member(context: [UInt8]?) {
    guard let context else { return }
    name("context")
    verbatim(context)
  }

  fileprivate mutating func member(error: EventError) {
    name("error")
    beginObject()
    member("code", Text(error.code))
    member("message", Text(error.message))
    name("retryable")
    boolean(error.retryable)
    if let detail = error.detail { member("detail", Text(detail)) }
    endObject()
  }
}
