import LinkCore
import LinkCrypto
import Testing

@Suite("State records")
struct StateRecordTests {
  @Test("Every link is read as it was written")
  func roundTripsLinks() throws {
    var random = SeededRandom(seed: 7)
    for _ in 0..<5_000 {
      let record = StateRecord.link(random.link())
      let (key, value) = record.encoded()
      let decoded = try StateRecord.decode(key: key, value: value)
      if decoded != record { Issue.record("\(record) was read as \(decoded)") }
      if decoded.encoded().value != value { Issue.record("\(record) has two encodings") }
    }
  }

  @Test("Marks, identities and tombstones are read as they were written")
  func roundTripsOthers() throws {
    var random = SeededRandom(seed: 8)
    for _ in 0..<500 {
      let partition = Int32.random(in: 0...(.max), using: &random)
      let offset = Int64.random(in: 0...(.max), using: &random)
      for record in [
        StateRecord.mark(Mark(partition: partition, offset: offset, digest: random.digest())),
        .identity(partition: partition, Identity(high: random.next(), low: random.next())),
        .tombstone(.link(random.link().key)), .tombstone(.mark(partition: partition, offset: offset)),
        .tombstone(.identity(partition: partition)),
      ] {
        let (key, value) = record.encoded()
        #expect(try StateRecord.decode(key: key, value: value) == record)
      }
    }
  }

  @Test("The form is the documented one")
  func writesTheForm() throws {
    let digest = sha256([])
    let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    let request = LinkRequest(
      id: "1", source: "s", userId: 14601, idempotencyKey: "k/1",
      scope: LinkScope(brokerNames: ["b"], accounts: .some([5]), isVerified: true),
      deadline: Timestamp(milliseconds: 9), context: Array(#"{ "a":1 }"#.utf8), trace: TraceContext(traceparent: "00-x")
    )
    var link = Link(
      key: request.key, fingerprint: digest, state: .scheduled(due: Timestamp(milliseconds: 7)), request: request,
      origin: .init(partition: 3, offset: 128, timestamp: Timestamp(milliseconds: 5)), attemptCount: 1,
      ambiguousCount: 1,
      attempts: [
        Attempt(at: Timestamp(milliseconds: 6), verdict: .ambiguous, wait: 1),
        Attempt(at: Timestamp(milliseconds: 7), verdict: .transient, status: 503),
      ],
      replay: 1, replays: [.init(id: "r", at: Timestamp(milliseconds: 4), reason: "why", operator: "who")])
    #expect(text(StateRecord.link(link).encoded().key) == "link/14601/k/1")
    let common = #"{"v":1,"kind":"link","userId":14601,"idempotencyKey":"k/1","fingerprint":"\#(hex)""#
    let history =
      #""partition":3,"offset":128,"recordTime":5,"attemptCount":1,"ambiguousCount":1,"attempts":[{"at":6,"verdict":"ambiguous","wait":1},{"at":7,"verdict":"transient","status":503}],"replay":1,"replays":[{"id":"r","at":4,"reason":"why","operator":"who"}]"#
    let asked =
      #""request":{"id":"1","source":"s","brokerNames":["b"],"ctidTraderAccountIds":[5],"isVerified":true,"deadline":9,"context":{ "a":1 },"traceparent":"00-x"}"#
    #expect(
      text(StateRecord.link(link).encoded().value) == #"\#(common),"state":"scheduled","due":7,\#(history),\#(asked)}"#)
    link.state = .failed(at: Timestamp(milliseconds: 8), code: .userForbidden)
    #expect(
      text(StateRecord.link(link).encoded().value)
        == #"\#(common),"state":"failed","at":8,"code":"user_forbidden",\#(history),\#(asked)}"#)
    link.state = .succeeded(at: Timestamp(milliseconds: 8))
    #expect(text(StateRecord.link(link).encoded().value) == #"\#(common),"state":"succeeded","at":8,\#(history)}"#)
    let mark = StateRecord.mark(Mark(partition: 2, offset: 9, digest: digest)).encoded()
    #expect(text(mark.key) == "mark/2/9")
    #expect(text(mark.value) == #"{"v":1,"kind":"mark","partition":2,"offset":9,"digest":"\#(hex)"}"#)
    let identity = StateRecord.identity(partition: 2, Identity(high: 1, low: .max)).encoded()
    #expect(text(identity.key) == "identity/2")
    #expect(
      text(identity.value) == #"{"v":1,"kind":"identity","partition":2,"identity":"0000000000000001ffffffffffffffff"}"#)
  }

  @Test("A field that version 1 does not have is ignored")
  func ignoresUnknownFields() throws {
    var random = SeededRandom(seed: 9)
    let record = StateRecord.link(random.link())
    let (key, value) = record.encoded()
    let more = Array(#"{"later":[{"a":1}],"#.utf8) + (value ?? []).dropFirst()
    #expect(try StateRecord.decode(key: key, value: more) == record)
  }

  @Test("What is of another version or kind, or broken, is a fault that says what")
  func reportsFaults() {
    let hex = String(repeating: "0", count: 64)
    let mark = #""partition":2,"offset":9,"digest":"\#(hex)"}"#
    let cases: [(String, String, StateRecordFault)] = [
      ("mark/2/9", #"{"v":2,"kind":"mark","# + mark, .unknownVersion(2)),
      ("mark/2/9", #"{"kind":"mark","# + mark, .unknownVersion(nil)),
      ("other/2", #"{"v":2}"#, .unknownVersion(2)),
      ("mark/2/9", #"{"v":1,"kind":"lease","# + mark, .unknownKind("lease")),
      ("mark/2/9", #"{"v":1,"# + mark, .unknownKind(nil)), ("mark/2/8", #"{"v":1,"kind":"mark","# + mark, .otherKey),
      ("mark/1/9", #"{"v":1,"kind":"mark","# + mark, .otherKey),
      ("identity/2", #"{"v":1,"kind":"mark","# + mark, .otherKey),
      ("link/1/k", #"{"v":1,"kind":"mark","# + mark, .otherKey),
      ("marks/2/9", #"{"v":1,"kind":"mark","# + mark, .unreadableKey),
      ("mark/2/9", #"{"v":1,"kind":"mark","partition":2,"offset":9,"digest":"00"}"#, .invalidField("/digest")),
      ("mark/2/9", #"{"v":1,"kind":"mark","partition":2,"digest":"\#(hex)"}"#, .invalidField("/offset")),
      ("identity/2", #"{"v":1,"kind":"identity","partition":2,"identity":"0g"}"#, .invalidField("/identity")),
      ("link/1/k", #"{"v":1,"kind":"link","userId":2,"idempotencyKey":"k"}"#, .otherKey),
      (
        "link/1/k", #"{"v":1,"kind":"link","userId":1,"idempotencyKey":"k","partition":0,"offset":0}"#,
        .invalidField("/recordTime")
      ),
      ("mark/2/9", "[]", .notJSON(Malformation(.notJSON, "The text is not an object."))),
    ]
    for (key, value, expected) in cases {
      #expect(throws: expected, "\(value)") { try StateRecord.decode(key: Array(key.utf8), value: Array(value.utf8)) }
      #expect(expected.description.contains("Try: "))
    }
    #expect(throws: StateRecordFault.unreadableKey) { try StateRecord.decode(key: Array("x".utf8), value: nil) }
    #expect(throws: StateRecordFault.self) {
      try StateRecord.decode(key: Array("mark/2/9".utf8), value: Array("{".utf8))
    }
  }

  @Test("A link that may still be called for is not read without its request")
  func demandsRequest() throws {
    let scheduled = Link(
      key: LinkKey(userId: 1, idempotencyKey: "k"), fingerprint: sha256([]),
      state: .scheduled(due: .init(milliseconds: 7)),
      request: nil, origin: .init(partition: 3, offset: 128, timestamp: Timestamp(milliseconds: 5)))
    let (key, value) = StateRecord.link(scheduled).encoded()
    #expect(throws: StateRecordFault.invalidField("/request")) { try StateRecord.decode(key: key, value: value) }
  }

  @Test("A link without a list of accounts is not read as one for all of them")
  func neverWidensAGrant() {
    var random = SeededRandom(seed: 10)
    let request = LinkRequest(
      id: "1", source: "s", userId: 1, idempotencyKey: "k", scope: LinkScope(brokerNames: ["b"], accounts: .some([5])))
    let link = Link(
      key: request.key, fingerprint: random.digest(), state: .scheduled(due: Timestamp(milliseconds: 7)),
      request: request,
      origin: .init(partition: 3, offset: 128, timestamp: Timestamp(milliseconds: 5)))
    let (key, value) = StateRecord.link(link).encoded()
    for replacement in [
      "", #""allAccounts":false,"#, #""ctidTraderAccountIds":[],"#, #""ctidTraderAccountIds":[5],"allAccounts":true,"#,
    ] {
      let changed = text(value)?.replacing(#""ctidTraderAccountIds":[5]"#, with: replacement + #""x":0"#)
      #expect(throws: StateRecordFault.self) { try StateRecord.decode(key: key, value: changed.map { Array($0.utf8) }) }
    }
  }

  @Test(
    "A key in another form than the one that is written is no key",
    arguments: [
      "", "link", "link/", "link/1", "link/1/", "link//k", "link/01/k", "link/+1/k", "link/-1/k",
      "link/9223372036854775808/k", "mark/1",
      "mark/1/", "mark/01/1", "mark/1/01", "mark/2147483648/1", "mark/1/1/1", "identity/", "identity/x", "identity/1/",
      "Link/1/k", "link/1 /k",
    ])
  func refusesOtherKeys(key: String) { #expect(StateKey(encoded: Array(key.utf8)) == nil) }

  private func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }
}
