import LinkCore
import LinkCrypto
import Testing

@Suite("Fingerprints, digests and the adapter's body")
struct FingerprintTests {
  @Test("The order of names and accounts does not matter, everything else does")
  func coversTheGrant() {
    let scope = LinkScope(brokerNames: ["a", "b"], accounts: .some([1, 2]), isVerified: false)
    let print = { (scope: LinkScope, userId: Int64) in scope.fingerprint(userId: userId, sha256: sha256) }
    let reference = print(scope, 1)
    #expect(print(LinkScope(brokerNames: ["b", "a"], accounts: .some([2, 1]), isVerified: false), 1) == reference)
    var seen: Set<Digest> = [reference]
    for other in [
      LinkScope(brokerNames: ["a"], accounts: .some([1, 2]), isVerified: false),
      LinkScope(brokerNames: ["ab"], accounts: .some([1, 2]), isVerified: false),
      LinkScope(brokerNames: ["a", "b"], accounts: .some([1]), isVerified: false),
      LinkScope(brokerNames: ["a", "b"], accounts: .some([1, 2, 3]), isVerified: false),
      LinkScope(brokerNames: ["a", "b"], accounts: .all, isVerified: false),
      LinkScope(brokerNames: ["a", "b"], accounts: .some([1, 2]), isVerified: true),
      LinkScope(brokerNames: ["a", "b"], accounts: .some([1, 2])), LinkScope(brokerNames: ["\u{E9}"], accounts: .all),
      LinkScope(brokerNames: ["e\u{301}"], accounts: .all),
    ] { #expect(seen.insert(print(other, 1)).inserted, "\(other)") }
    #expect(seen.insert(print(scope, 2)).inserted)
  }

  @Test("The form never changes: links in Kafka are compared with it")
  func keepsItsForm() {
    let scope = LinkScope(brokerNames: ["northwind"], accounts: .some([6_230_011]), isVerified: true)
    #expect(
      scope.fingerprint(userId: 14601, sha256: sha256).description
        == "c022eb7f18021d0c634b3073131770039df9e79cc1fb229ec34f2f605f9c077e")
  }

  @Test("The body has the list as it was asked for, and no list means that all were asked for")
  func writesBodies() {
    let body = { (scope: LinkScope) in
      String(
        decoding: LinkRequest(
          id: "1", source: "s", userId: .max, idempotencyKey: "k", scope: scope, context: Array("{}".utf8)
        ).adapterBody(), as: UTF8.self)
    }
    #expect(
      body(LinkScope(brokerNames: ["é", "e\u{301}", "\"\\/\u{1}\u{7F}"], accounts: .some([2, 1]), isVerified: false))
        == "{\"userId\":9223372036854775807,\"brokerNames\":[\"é\",\"e\u{301}\",\"\\\"\\\\/\\u0001\u{7F}\"],\"ctidTraderAccountIds\":[2,1],\"isVerified\":false}"
    )
    #expect(
      body(LinkScope(brokerNames: ["b"], accounts: .all)) == #"{"userId":9223372036854775807,"brokerNames":["b"]}"#)
    var random = SeededRandom(seed: 3)
    for _ in 0..<1_000 {
      let request = random.request()
      let parsed = try? JSONValue(parsing: request.adapterBody())
      #expect(parsed?["brokerNames"]?.children.map(\.text) == request.scope.brokerNames)
      let ids = parsed?["ctidTraderAccountIds"]?.children.compactMap(\.integer)
      #expect(request.scope.accounts == (ids.map { .some($0) } ?? .all))
      #expect(ids != [])
    }
  }

  @Test(
    "A record's digest covers key, value and headers, each apart, but neither its place nor the worker's own header")
  func digestsRecords() {
    let digest = { (key: String?, value: [UInt8]?, headers: [Header]) in
      Sample.record(value, headers: headers, key: key).digest(sha256: sha256)
    }
    let reference = digest("k", [1, 2], [Header("a", "b")])
    #expect(digest("k", [1, 2], [Header("linkworker.moved-from", "t/1/2"), Header("a", "b")]) == reference)
    var elsewhere = Sample.record([1, 2], headers: [Header("a", "b")], key: "k")
    elsewhere.offset += 1
    elsewhere.timestamp = Timestamp(milliseconds: 0)
    #expect(elsewhere.digest(sha256: sha256) == reference)
    var seen: Set<Digest> = [reference]
    for other in [
      digest(nil, [1, 2], [Header("a", "b")]), digest("", [1, 2], [Header("a", "b")]),
      digest("k", nil, [Header("a", "b")]),
      digest("k", [], [Header("a", "b")]), digest("k", [1, 2], []), digest("k", [1, 2], [Header("ab", "")]),
      digest("k", [1, 2], [Header(name: [0x61], value: nil)]),
      digest("k", [1, 2], [Header("a", "b"), Header("a", "b")]),
      digest("k\u{1}", [2], [Header("a", "b")]),
    ] { #expect(seen.insert(other).inserted) }
  }
}
