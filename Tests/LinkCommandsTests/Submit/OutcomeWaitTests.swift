import LinkCore
import LinkCrypto
import Testing

@testable import LinkCommands

@Suite("Waiting for outcomes")
struct OutcomeWaitTests {
  @Test("An outcome ends its own request, and every other one of the same link and scope")
  func outcomes() throws {
    var wait = OutcomeWait(timeout: nil)
    try expect(&wait, 1, id: "a", key: "k")
    try expect(&wait, 2, id: "b", key: "k")
    try expect(&wait, 3, id: "c", key: "k", accounts: "[8]")
    try expect(&wait, 4, id: "d", key: "other")
    let ended = wait.take(try outcome("token-ready", id: "a", key: "k", rest: #""token":"t","attempts":2,"replay":0"#))
    #expect(ended.map(\.0.line) == [1, 2])
    #expect(ended.allSatisfy { $0.1.isToken })
    #expect(wait.waiting.map(\.line) == [3, 4])
  }

  @Test("A refusal ends the one request that it names, and nothing else of its link")
  func refusals() throws {
    var wait = OutcomeWait(timeout: nil)
    try expect(&wait, 1, id: "a", key: "k")
    try expect(&wait, 2, id: "b", key: "k", accounts: "[8]")
    let ended = wait.take(try outcome("refused", id: "b", key: "k", rest: #""error":{"code":"idempotency_conflict"}"#))
    #expect(ended.map(\.0.line) == [2])
    #expect(ended.first?.1 == .outcome(.refused(code: "idempotency_conflict", detail: nil)))
    #expect(wait.waiting.map(\.line) == [1])
    #expect(wait.take(try outcome("failed", id: "x", source: "/else", key: "z", rest: "")).isEmpty)
  }

  @Test("Of a token nothing is told, neither as text nor as JSON")
  func tokens() throws {
    for token in [String(repeating: "secret", count: 20), "shortsecret"] {
      let seen = try outcome("token-ready", id: "a", key: "k", rest: #""token":"\#(token)","attempts":1"#)
      #expect(OutcomeWait.Ending.outcome(seen.kind).description == "token-ready, after 1 call")
      var json = JSONWriter()
      json.beginObject()
      json.members(of: .outcome(seen.kind))
      json.endObject()
      #expect(!String(decoding: json.bytes, as: UTF8.self).contains("secret"))
    }
  }

  @Test("What the state topic has ends a duplicate; a link's own record, one that waits and another scope end nothing")
  func states() throws {
    var wait = OutcomeWait(timeout: nil)
    for line in 1...2 { try expect(&wait, line, id: "a\(line)", key: "k") }
    wait.acknowledge(line: 1, at: .init(partition: 0, offset: 10), now: now(0))
    wait.acknowledge(line: 2, at: .init(partition: 0, offset: 11), now: now(0))
    let at = Timestamp(milliseconds: 5)
    #expect(wait.learn(try link(offset: 3, .scheduled(due: at))).isEmpty)
    #expect(wait.learn(try link(offset: 3, .succeeded(at: at), accounts: "[8]")).isEmpty)
    let ended = wait.learn(try link(offset: 10, .failed(at: at, code: .adapterRejected)))
    #expect(ended.map(\.0.line) == [2])
    #expect(ended.first?.1 == .known(.failed(at: at, code: .adapterRejected)))
    #expect(wait.learn(try link(offset: 3, .succeeded(at: at))).map(\.0.line) == [1])
    #expect(wait.count == 0)
  }

  @Test("A request is waited for from its acknowledgement on: as long as asked, to its deadline, or two minutes")
  func patience() throws {
    var wait = OutcomeWait(timeout: nil)
    try expect(&wait, 1, id: "a", key: "a")
    try expect(&wait, 2, id: "b", key: "b", rest: #","deadline":"1970-01-01T00:00:30Z""#)
    try expect(&wait, 3, id: "c", key: "c")
    for line in 1...2 { wait.acknowledge(line: line, at: .init(partition: 0, offset: 1), now: now(10_000)) }
    #expect(wait.expire(now: 34_999).isEmpty)
    #expect(wait.expire(now: 35_000).map(\.0.line) == [2])
    #expect(wait.expire(now: 130_000).map(\.0.line) == [1])
    #expect(wait.expire(now: .max - 1).isEmpty, "what nobody acknowledged has no time of its own")
    var asked = OutcomeWait(timeout: 1_000)
    try expect(&asked, 1, id: "b", key: "b", rest: #","deadline":"1970-01-01T00:00:30Z""#)
    asked.acknowledge(line: 1, at: .init(partition: 0, offset: 1), now: now(0))
    #expect(asked.expire(now: 1_000).first?.1 == .nothing(.notLooked))
  }

  @Test("That no worker has decided anything is said of a link alone that was looked for")
  func knowledge() throws {
    var wait = OutcomeWait(timeout: 1_000)
    for line in 1...3 { try expect(&wait, line, id: "a\(line)", key: line == 3 ? "k" : "k\(line)") }
    for line in 1...3 { wait.acknowledge(line: line, at: .init(partition: 0, offset: Int64(line)), now: now(0)) }
    #expect(!wait.isGivingUpUnlooked(now: 999) && wait.isGivingUpUnlooked(now: 1_000))
    wait.look(for: [2, 3])
    #expect(wait.learn(try link(offset: 9, .scheduled(due: Timestamp(milliseconds: 5)))).isEmpty)
    let ended = wait.expire(now: 1_000).map(\.1)
    let state = Link.State.scheduled(due: Timestamp(milliseconds: 5))
    #expect(ended == [.nothing(.notLooked), .nothing(.absent), .nothing(.present(state))])
    #expect(ended.map { $0.description.contains("no worker has decided") } == [false, true, false])
  }

  @Test("A replay is ended by an outcome of a replay, not by the one that was there before")
  func replays() throws {
    var wait = OutcomeWait(timeout: nil)
    let line = event(
      "r", type: "link-account.replay-requested.v1",
      #"{"userId":7,"idempotencyKey":"k","reason":"r","operator":"o"}"#)
    wait.expect(try RequestCheck().read(line), line: 1)
    let rest = #""error":{"code":"adapter_rejected","message":"m"},"attempts":1,"replay":"#
    #expect(wait.take(try outcome("failed", id: "a", key: "k", rest: rest + "0")).isEmpty)
    #expect(wait.take(try outcome("failed", id: "a", key: "k", rest: rest + "1")).map(\.0.line) == [1])
  }

  @Test("A replay is ended by a state that has it and waits no more: its outcome came before a repeat of it was sent")
  func repeatedReplay() throws {
    var wait = OutcomeWait(timeout: nil)
    let line = event(
      "r", type: "link-account.replay-requested.v1",
      #"{"userId":7,"idempotencyKey":"k","reason":"r","operator":"o"}"#)
    wait.expect(try RequestCheck().read(line), line: 1)
    wait.acknowledge(line: 1, at: .init(partition: 0, offset: 9), now: now(0))
    let failed = Link.State.failed(at: Timestamp(milliseconds: 5), code: .adapterRejected)
    var link = try link(offset: 1, failed)
    #expect(wait.learn(link).isEmpty, "it is not accepted yet")
    link.replays = [.init(id: "r", at: Timestamp(milliseconds: 4), reason: "r", operator: "o")]
    link.state = .scheduled(due: Timestamp(milliseconds: 9))
    #expect(wait.learn(link).isEmpty, "its outcome will come")
    link.state = failed
    #expect(wait.learn(link).map(\.1) == [.known(failed)] && wait.count == 0)
  }

  // MARK: - Samples

  private func now(_ time: Milliseconds) -> Now { Now(wall: Timestamp(milliseconds: time), uptime: time) }

  private func event(_ id: String, type: String = "link-account.requested.v1", _ data: String) -> [UInt8] {
    Array(#"{"specversion":"1.0","id":"\#(id)","source":"/s","type":"\#(type)","data":\#(data)}"#.utf8)
  }

  private func scope(_ key: String, _ accounts: String) -> String {
    #""userId":7,"idempotencyKey":"\#(key)","brokerNames":["b"],"ctidTraderAccountIds":\#(accounts)"#
  }

  private func expect(
    _ wait: inout OutcomeWait, _ line: Int, id: String, key: String, accounts: String = "[7]", rest: String = ""
  ) throws {
    wait.expect(try RequestCheck().read(event(id, "{\(scope(key, accounts))\(rest)}")), line: line)
  }

  private func outcome(
    _ type: String, id: String, source: String = "/s", key: String, rest: String
  ) throws -> SeenOutcome {
    let data =
      #"{"requestId":"\#(id)","requestSource":"\#(source)",\#(scope(key, "[7]"))\#(rest.isEmpty ? "" : ",")\#(rest)}"#
    let value = event("o", type: "link-account.\(type).v1", data)
    return try #require(
      SeenOutcome(
        SourceRecord(partition: 0, offset: 0, timestamp: Timestamp(milliseconds: 0), key: nil, value: value)))
  }

  private func link(offset: Int64, _ state: Link.State, accounts: String = "[7]") throws -> Link {
    let request = try RequestCheck().read(event("first", "{\(scope("k", accounts))}"))
    let fingerprint = try #require(request.scope).fingerprint(userId: 7, sha256: sha256)
    return Link(
      key: request.key, fingerprint: fingerprint, state: state, request: nil,
      origin: .init(partition: 0, offset: offset, timestamp: Timestamp(milliseconds: 0)))
  }
}
