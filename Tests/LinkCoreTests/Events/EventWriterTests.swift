import LinkCore
import LinkCrypto
import Testing

@Suite("Writing events")
struct EventWriterTests {
  private let writer = EventWriter(
    groupID: "workers", instanceID: "worker-1", requestsTopic: "link-account.requests", sha256: sha256,
    deadLetterMaxBytes: 1_000_000)
  private let moment = Timestamp(milliseconds: 1_767_323_045_678)
  private let request = LinkRequest(
    id: "7f3c-1", source: "/client-area", userId: 14601, idempotencyKey: "k",
    scope: LinkScope(brokerNames: ["é\""], accounts: .some([5]), isVerified: false),
    context: Array(#"{ "state" : 1.0 }"#.utf8), trace: TraceContext(traceparent: "00-x", tracestate: "a=b"))

  private func link(replay: Int = 0) -> Link {
    Link(
      key: request.key, fingerprint: sha256([]), state: .scheduled(due: moment), request: request,
      origin: .init(partition: 1, offset: 2, timestamp: moment), attemptCount: 3, replay: replay)
  }

  @Test("token-ready is a structured CloudEvent with the token, the scope and the context byte for byte")
  func writesTokenReady() throws {
    let record = writer.tokenReady(
      link: link(), request: request, token: Secret(Array("tok\"en".utf8)), issuedAt: moment,
      expiresAt: moment + 2_592_000_000, decidedAt: moment + 1)
    #expect(record.topic == .outcomes)
    #expect(record.partition == nil)
    #expect(record.key == Array("14601".utf8))
    #expect(
      record.headers == [
        Header("content-type", "application/cloudevents+json"), Header("traceparent", "00-x"),
        Header("tracestate", "a=b"),
      ])
    let id = try #require(try JSONValue(parsing: record.value ?? [])["id"]?.text)
    #expect(id.characterCount == 64)
    #expect(
      text(record) == #"""
        {"specversion":"1.0","id":"\#(id)","source":"/linkworker/workers","type":"link-account.token-ready.v1","time":"2026-01-02T03:04:05.679Z",\#
        "datacontenttype":"application/json","data":{"requestId":"7f3c-1","requestSource":"/client-area","idempotencyKey":"k","userId":14601,\#
        "brokerNames":["é\""],"ctidTraderAccountIds":[5],"isVerified":false,"token":"tok\"en","issuedAt":"2026-01-02T03:04:05.678Z",\#
        "expiresAt":"2026-02-01T03:04:05.678Z","attempts":3,"replay":0,"context":{ "state" : 1.0 }}}
        """#)
  }

  @Test("failed has the error, and its id is that of the link and replay number alone")
  func writesFailed() throws {
    let error = EventError(failure: .attemptsExhausted, detail: "503")
    let failed = writer.failed(link: link(), request: request, error: error, decidedAt: moment)
    let data = try #require(try JSONValue(parsing: failed.value ?? [])["data"])
    #expect(data["error"]?["code"]?.text == "attempts_exhausted")
    #expect(data["error"]?["message"]?.text == Text(error.message))
    #expect(data["error"]?["retryable"]?.boolean == true)
    #expect(data["error"]?["detail"]?.text == "503")
    let ready = writer.tokenReady(
      link: link(), request: request, token: Secret([1]), issuedAt: moment, expiresAt: moment, decidedAt: moment + 99)
    #expect(id(failed) == id(ready))
    #expect(id(failed) != id(writer.failed(link: link(replay: 1), request: request, error: error, decidedAt: moment)))
  }

  @Test("refused has what could be read and nothing else, and goes without key where the user is unknown")
  func writesRefused() throws {
    let error = EventError(refusal: .invalidRequest, detail: "/data/userId: The field is missing.")
    let identity = RequestIdentity(id: "7f3c-1", source: "/client-area")
    let record = writer.refused(identity: identity, error: error, recordDigest: sha256([1]), decidedAt: moment)
    #expect(record.key == nil)
    #expect(record.headers == [Header("content-type", "application/cloudevents+json")])
    let data = try #require(try JSONValue(parsing: record.value ?? [])["data"])
    #expect(data.children.map(\.name) == ["requestId", "requestSource", "error"])
    var known = identity
    known.userId = 14601
    known.idempotencyKey = "k"
    known.context = Array("{ }".utf8)
    let full = writer.refused(identity: known, error: error, recordDigest: sha256([1]), decidedAt: moment + 5)
    #expect(full.key == Array("14601".utf8))
    #expect(try JSONValue(parsing: full.value ?? [])["data"]?["context"]?.written == Array("{ }".utf8))
    #expect(id(full) == id(record))
    #expect(
      id(writer.refused(identity: identity, error: error, recordDigest: sha256([2]), decidedAt: moment)) != id(record))
    let shifted = RequestIdentity(id: "/client-area", source: "7f3c-1")
    #expect(
      id(writer.refused(identity: shifted, error: error, recordDigest: sha256([1]), decidedAt: moment)) != id(record))
  }

  @Test("Codes have the retryable of the protocol, and details are cut at 500 characters")
  func fixesErrors() {
    let retryable = FailureCode.allCases.filter { EventError(failure: $0).retryable }
    #expect(retryable == [.attemptsExhausted, .ambiguousExhausted, .deadlineExceeded])
    #expect(RefusalCode.allCases.allSatisfy { !EventError(refusal: $0).retryable })
    let errors =
      FailureCode.allCases.map { EventError(failure: $0) } + RefusalCode.allCases.map { EventError(refusal: $0) }
    #expect(Set(errors.map(\.code)) == Set(FailureCode.allCases.map(\.rawValue) + RefusalCode.allCases.map(\.rawValue)))
    #expect(Set(errors.map(\.message)).count == errors.count)
    let long = EventError(failure: .adapterRejected, detail: String(repeating: "e\u{301}", count: 400)).detail
    #expect(long?.unicodeScalars.count == 500)
  }

  @Test("Foreign text loses secrets, bearers, whatever looks like a token, and control characters")
  func redacts() {
    let credential = Secret(Array("s3cr3t".utf8))
    let longer = Secret(Array("s3cr3t-and-more".utf8))
    let redact = { (text: String) in EventError.redacted(text, secrets: [credential, Secret([]), longer]) }
    #expect(redact("no s3cr3t, s3cr3t-and-more, s3s3cr3t") == "no <removed>, <removed>, s3<removed>")
    #expect(redact("Authorization: Bearer abc.def") == "Authorization: Bearer <removed>")
    #expect(redact("bearer: \"abc\" rest") == "bearer: \"<removed>\" rest")
    #expect(redact("token eyJhbGciOiJIUzI1NiJ9.eyJ1IjoxNDYwMX0.c2lnbmF0dXJlLg is bad") == "token <removed> is bad")
    #expect(
      redact("request 550e8400-e29b-41d4-a716-446655440000 failed")
        == "request 550e8400-e29b-41d4-a716-446655440000 failed")
    #expect(redact("a\nb\u{1B}[31m\u{85}é") == "a b [31m é")
    #expect(redact("") == "")
  }

  @Test("An adapter's reply is read strictly")
  func readsReplies() {
    let read = { (body: String) in AdapterReply.parse(Secret(Array(body.utf8))) }
    #expect(read(#"{"s":"ok","d":"t\u00e9"}"#) == .ok(token: Secret(Array("té".utf8))))
    #expect(read(#"{"d":"t","x":[{}],"s":"ok"}"#) == .ok(token: Secret([0x74])))
    #expect(read(#"{"s":"error","errmsg":"no"}"#) == .error(errmsg: "no"))
    #expect(read(#"{"s":"error"}"#) == .error(errmsg: nil))
    #expect(read(#"{"s":"error","errmsg":5}"#) == .error(errmsg: nil))
    for body in [
      "", "[]", "{}", #"{"s":"ok"}"#, #"{"s":"ok","d":""}"#, #"{"s":"ok","d":1}"#, #"{"s":"OK","d":"t"}"#,
      #"{"s":true,"d":"t"}"#, "<html>",
      #"{"s":"ok","d":"t"} x"#, #"{"s":"ok","s":"error","d":"t"}"#,
      #"{"s":"ok","d":"t","x":\#(String(repeating: "[", count: 99_999))"#,
    ] { #expect(read(body) == .unreadable, "\(body.prefix(40))") }
  }

  @Test("A journaled answer is read as it was written, and a damaged one is not read")
  func roundTripsJournal() throws {
    var random = SeededRandom(seed: 11)
    for _ in 0..<300 {
      let link = random.link()
      let outcome = OutgoingRecord(
        topic: TopicRole.allCases.randomElement(using: &random) ?? .outcomes,
        partition: random.once(in: 2) ? .random(in: 0...(.max), using: &random) : nil,
        key: random.once(in: 3) ? nil : random.text().utf8, value: random.once(in: 3) ? nil : random.text().utf8,
        headers: random.list(0...3) { Header(name: $0.text().utf8, value: $0.once(in: 3) ? nil : $0.text().utf8) },
        timestamp: random.once(in: 2) ? random.moment() : nil)
      let payload = JournalPayload(outcome: outcome, link: link)
      let bytes = payload.encoded().reveal()
      #expect(try JournalPayload(decoding: Secret(bytes)) == payload)
      let cut = Secret(Array(bytes.prefix(.random(in: 0..<bytes.count, using: &random))))
      #expect(throws: JournalPayloadFault.self) { try JournalPayload(decoding: cut) }
      #expect(throws: JournalPayloadFault.self) { try JournalPayload(decoding: Secret(bytes + [0])) }
      #expect(throws: JournalPayloadFault.unknownVersion(2)) {
        try JournalPayload(decoding: Secret([2] + bytes.dropFirst()))
      }
      // Whatever a flipped bit makes of it, it is read or refused.
      var flipped = bytes
      flipped[.random(in: 0..<bytes.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      _ = try? JournalPayload(decoding: Secret(flipped))
    }
  }

  private func id(_ record: OutgoingRecord) -> Text? { (try? JSONValue(parsing: record.value ?? []))?["id"]?.text }

  private func text(_ record: OutgoingRecord) -> String { String(decoding: record.value ?? [], as: UTF8.self) }
}
