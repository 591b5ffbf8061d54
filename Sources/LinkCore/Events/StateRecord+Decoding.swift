extension StateRecord {
  /// The record that stands in Kafka under `key`; a tombstone where there is no value. Fields that version 1 does not have are ignored.
  public static func decode(key: [UInt8], value: [UInt8]?) throws(StateRecordFault) -> StateRecord {
    guard let value else {
      guard let key = StateKey(encoded: key) else { throw .unreadableKey }
      return .tombstone(key)
    }
    let fields = try StateFields(value)
    // The version comes first: a later one may have other keys.
    guard let version = fields.value["v"]?.integer, version == 1 else {
      throw .unknownVersion(fields.value["v"]?.integer)
    }
    let kind = fields.value["kind"]?.text
    guard kind == "link" || kind == "mark" || kind == "identity" else { throw .unknownKind(kind?.string) }
    guard let key = StateKey(encoded: key) else { throw .unreadableKey }
    switch key {
    case .link(let key):
      guard kind == "link" else { throw .otherKey }
      return .link(try fields.link(key))
    case .mark(let partition, let offset):
      guard kind == "mark", try fields.partition() == partition, try fields.integer("offset") == offset else {
        throw .otherKey
      }
      return .mark(Mark(partition: partition, offset: offset, digest: try fields.digest("digest")))
    case .identity(let partition):
      guard kind == "identity", try fields.partition() == partition else { throw .otherKey }
      return .identity(partition: partition, try fields.identity())
    }
  }
}

/// The fields of a state record's value, or of an object in it.
private struct StateFields {
  let value: JSONValue

  /// A `context` of 31 levels stands two levels deeper here than in its event.
  private static let depthLimit = 64

  init(_ bytes: [UInt8]) throws(StateRecordFault) {
    do {
      value = try JSONValue(parsing: bytes, depthLimit: Self.depthLimit)
    } catch {
      throw .notJSON(error)
    }
    guard value.kind == .object else { throw .notJSON(Malformation(.notJSON, "The text is not an object.")) }
  }

  init(_ value: JSONValue) { self.value = value }

  func link(_ key: LinkKey) throws(StateRecordFault) -> Link {
    guard try integer("userId") == key.userId, try text("idempotencyKey") == key.idempotencyKey else { throw .otherKey }
    let origin = Link.Origin(
      partition: try partition(), offset: try integer("offset"), timestamp: try moment("recordTime"))
    var attempts: [Attempt] = []
    for element in try list("attempts").children { attempts.append(try StateFields(element).attempt()) }
    var replays: [Link.AcceptedReplay] = []
    for element in try list("replays").children { replays.append(try StateFields(element).acceptedReplay()) }
    let request: LinkRequest? =
      if let request = value["request"] { try StateFields(request).request(key) } else { nil }
    let state = try state()
    // A link that may still be called for is nothing without its request.
    if case .succeeded = state {} else if request == nil { throw invalid("request") }
    return Link(
      key: key, fingerprint: try digest("fingerprint"), state: state, request: request, origin: origin,
      attemptCount: Int(try integer("attemptCount")), ambiguousCount: Int(try integer("ambiguousCount")),
      attempts: attempts, replay: Int(try integer("replay")), replays: replays)
  }

  func partition() throws(StateRecordFault) -> Int32 {
    guard let partition = Int32(exactly: try integer("partition")) else { throw invalid("partition") }
    return partition
  }

  func integer(_ name: StaticString) throws(StateRecordFault) -> Int64 {
    guard let integer = value[name]?.integer else { throw invalid(name) }
    return integer
  }

  func digest(_ name: StaticString) throws(StateRecordFault) -> Digest {
    guard let digits = value[name]?.text, let digest = Digest(hexDigits: digits.utf8) else { throw invalid(name) }
    return digest
  }

  func identity() throws(StateRecordFault) -> Identity {
    guard let digits = value["identity"]?.text?.utf8, digits.count == 32 else { throw invalid("identity") }
    var halves: [UInt64] = [0, 0]
    for (index, byte) in digits.enumerated() {
      guard let digit = JSONEscapes.digit(byte) else { throw invalid("identity") }
      halves[index / 16] = halves[index / 16] << 4 | UInt64(digit)
    }
    return Identity(high: halves[0], low: halves[1])
  }

  private func state() throws(StateRecordFault) -> Link.State {
    switch try text("state") {
    case "scheduled": return .scheduled(due: try moment("due"))
    case "succeeded": return .succeeded(at: try moment("at"))
    case "failed":
      guard let code = FailureCode(rawValue: try text("code").string) else { throw invalid("code") }
      return .failed(at: try moment("at"), code: code)
    default: throw invalid("state")
    }
  }

  private func attempt() throws(StateRecordFault) -> Attempt {
    guard let verdict = Attempt.Verdict(rawValue: try text("verdict").string) else { throw invalid("verdict") }
    return Attempt(
      at: try moment("at"), verdict: verdict, status: try optionalInteger("status").map { Int($0) },
      wait: try optionalInteger("wait"))
  }

  private func acceptedReplay() throws(StateRecordFault) -> Link.AcceptedReplay {
    Link.AcceptedReplay(
      id: try text("id"), at: try moment("at"), reason: try text("reason"), operator: try text("operator"))
  }

  private func request(_ key: LinkKey) throws(StateRecordFault) -> LinkRequest {
    LinkRequest(
      id: try text("id"), source: try text("source"), userId: key.userId, idempotencyKey: key.idempotencyKey,
      scope: try scope(), deadline: try optionalInteger("deadline").map { Timestamp(milliseconds: $0) },
      context: try context(),
      trace: TraceContext(traceparent: try optionalText("traceparent"), tracestate: try optionalText("tracestate")))
  }

  private func scope() throws(StateRecordFault) -> LinkScope {
    var names: [Text] = []
    for element in try list("brokerNames").children {
      guard let name = element.text else { throw invalid("brokerNames") }
      names.append(name)
    }
    return LinkScope(brokerNames: names, accounts: try accounts(), isVerified: try isVerified())
  }

  /// A list, or `allAccounts: true`: as in a request, "all" is never what remains when something is missing.
  private func accounts() throws(StateRecordFault) -> LinkScope.Accounts {
    guard value["ctidTraderAccountIds"] != nil else {
      guard value["allAccounts"]?.boolean == true else { throw invalid("allAccounts") }
      return .all
    }
    guard value["allAccounts"] == nil else { throw invalid("allAccounts") }
    var ids: [Int64] = []
    for element in try list("ctidTraderAccountIds").children {
      guard let id = element.integer else { throw invalid("ctidTraderAccountIds") }
      ids.append(id)
    }
    guard !ids.isEmpty else { throw invalid("ctidTraderAccountIds") }
    return .some(ids)
  }

  private func isVerified() throws(StateRecordFault) -> Bool? {
    guard let field = value["isVerified"] else { return nil }
    guard let isVerified = field.boolean else { throw invalid("isVerified") }
    return isVerified
  }

  private func context() throws(StateRecordFault) -> [UInt8]? {
    guard let field = value["context"] else { return nil }
    guard field.kind == .object else { throw invalid("context") }
    return field.written
  }

  private func moment(_ name: StaticString) throws(StateRecordFault) -> Timestamp {
    Timestamp(milliseconds: try integer(name))
  }

  private func text(_ name: StaticString) throws(StateRecordFault) -> Text {
    guard let text = value[name]?.text else { throw invalid(name) }
    return text
  }

  private func optionalInteger(_ name: StaticString) throws(StateRecordFault) -> Int64? {
    value[name] == nil ? nil : try integer(name)
  }

  private func optionalText(_ name: StaticString) throws(StateRecordFault) -> Text? {
    value[name] == nil ? nil : try text(name)
  }

  private func list(_ name: StaticString) throws(StateRecordFault) -> JSONValue {
    guard let list = value[name], list.kind == .array else { throw invalid(name) }
    return list
  }

  private func invalid(_ name: StaticString) -> StateRecordFault { .invalidField("\(value.pointer)/\(name)") }
}

extension Digest {
  /// The digest in 64 hexadecimal digits in ASCII.
  fileprivate init?(hexDigits: [UInt8]) {
    guard hexDigits.count == 64 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(32)
    for index in stride(from: 0, to: 64, by: 2) {
      guard let high = JSONEscapes.digit(hexDigits[index]), let low = JSONEscapes.digit(hexDigits[index + 1]) else {
        return nil
      }
      bytes.append(UInt8(high << 4 | low))
    }
    self.init(bytes)
  }
}
