import LinkCore
import Testing

@Suite("The data of requests")
struct RequestDataTests {
  private let reader = RequestReader()

  private static let base = #""userId":1,"brokerNames":["b"]"#

  @Test("The default key is source#id, and limits, escapes and int64 are kept exactly")
  func readsEdges() throws {
    let data = #"{"userId":9223372036854775807,"brokerNames":["\u00e9","e\u0301","\"\\\/"],"allAccounts":true}"#
    let request = try #require(reader.read(Sample.record(Sample.event(data))).link)
    #expect(request.userId == .max)
    #expect(request.idempotencyKey == "/client-area/live#7f3c-1")
    #expect(request.scope == LinkScope(brokerNames: ["\u{E9}", "e\u{301}", "\"\\/"], accounts: .all))
    #expect(request.deadline == nil)
    #expect(request.context == nil)
  }

  @Test(
    "Data that breaks a rule is refused at its place",
    arguments: [
      (#"{"brokerNames":["b"],"allAccounts":true}"#, "/data/userId"),
      (#"{"userId":0,"brokerNames":["b"],"allAccounts":true}"#, "/data/userId"),
      (#"{"userId":-1,"brokerNames":["b"],"allAccounts":true}"#, "/data/userId"),
      (#"{"userId":-0,"brokerNames":["b"],"allAccounts":true}"#, "/data/userId"),
      (#"{"userId":1.0,"brokerNames":["b"],"allAccounts":true}"#, "/data/userId"),
      (#"{"userId":1e3,"brokerNames":["b"],"allAccounts":true}"#, "/data/userId"),
      (#"{"userId":9223372036854775808,"brokerNames":["b"],"allAccounts":true}"#, "/data/userId"),
      (#"{"userId":"1","brokerNames":["b"],"allAccounts":true}"#, "/data/userId"),
      (#"{"userId":true,"brokerNames":["b"],"allAccounts":true}"#, "/data/userId"),
      (#"{"userId":1,"allAccounts":true}"#, "/data/brokerNames"),
      (#"{"userId":1,"brokerNames":[],"allAccounts":true}"#, "/data/brokerNames"),
      (#"{"userId":1,"brokerNames":"b","allAccounts":true}"#, "/data/brokerNames"),
      (#"{"userId":1,"brokerNames":["a","a"],"allAccounts":true}"#, "/data/brokerNames/1"),
      (#"{"userId":1,"brokerNames":["a","\u0061"],"allAccounts":true}"#, "/data/brokerNames/1"),
      (#"{"userId":1,"brokerNames":[""],"allAccounts":true}"#, "/data/brokerNames/0"),
      (#"{"userId":1,"brokerNames":["a\u0085"],"allAccounts":true}"#, "/data/brokerNames/0"),
      (#"{"userId":1,"brokerNames":["a\u007f"],"allAccounts":true}"#, "/data/brokerNames/0"),
      (#"{"userId":1,"brokerNames":[1],"allAccounts":true}"#, "/data/brokerNames/0"), (#"{\#(base)}"#, "/data"),
      (#"{\#(base),"allAccounts":false}"#, "/data/allAccounts"),
      (#"{\#(base),"allAccounts":"true"}"#, "/data/allAccounts"),
      (#"{\#(base),"allAccounts":true,"ctidTraderAccountIds":[1]}"#, "/data/allAccounts"),
      (#"{\#(base),"allAccounts":false,"ctidTraderAccountIds":[1]}"#, "/data/allAccounts"),
      (#"{\#(base),"ctidTraderAccountIds":[]}"#, "/data/ctidTraderAccountIds"),
      (#"{\#(base),"ctidTraderAccountIds":null}"#, "/data/ctidTraderAccountIds"),
      (#"{\#(base),"ctidTraderAccountIds":[1,2,1]}"#, "/data/ctidTraderAccountIds/2"),
      (#"{\#(base),"ctidTraderAccountIds":[0]}"#, "/data/ctidTraderAccountIds/0"),
      (#"{\#(base),"ctidTraderAccountIds":[1.5]}"#, "/data/ctidTraderAccountIds/0"),
      (#"{\#(base),"ctidTraderAccountId":1}"#, "/data/ctidTraderAccountId"),
      (#"{\#(base),"ctidTraderAccountId":[1],"ctidTraderAccountIds":[1]}"#, "/data/ctidTraderAccountId"),
      (#"{\#(base),"allAccounts":true,"AllAccounts":true}"#, "/data/AllAccounts"),
      (#"{\#(base),"allAccounts":true,"isVerified":null}"#, "/data/isVerified"),
      (#"{\#(base),"allAccounts":true,"isVerified":1}"#, "/data/isVerified"),
      (#"{\#(base),"allAccounts":true,"idempotencyKey":""}"#, "/data/idempotencyKey"),
      (#"{\#(base),"allAccounts":true,"idempotencyKey":"a\nb"}"#, "/data/idempotencyKey"),
      (#"{\#(base),"allAccounts":true,"deadline":"2026-01-01T00:00:00"}"#, "/data/deadline"),
      (#"{\#(base),"allAccounts":true,"deadline":1}"#, "/data/deadline"),
      (#"{\#(base),"allAccounts":true,"context":[]}"#, "/data/context"),
      (#"{\#(base),"allAccounts":true,"context":null}"#, "/data/context"),
      ("[]", "/data"), ("null", "/data"), ("\"{}\"", "/data"),
    ])
  func refusesInvalidData(data: String, pointer: String) {
    let fault = reader.read(Sample.record(Sample.event(data))).fault
    #expect(fault?.reason == .invalidData)
    #expect(fault?.pointer == pointer)
    let binary = reader.read(Sample.record(data, headers: Sample.binary())).fault
    #expect(binary?.pointer == String(pointer.dropFirst("/data".count)))
  }

  @Test("Lists and texts are taken up to their limits and no further")
  func keepsLimits() {
    let list = { (count: Int) in (1...count).map(String.init).joined(separator: ",") }
    let names = { (count: Int) in (1...count).map { "\"n\($0)\"" }.joined(separator: ",") }
    let key = { (count: Int) in String(repeating: "é", count: count) }
    let context = { (count: Int) in #"{"a":"\#(String(repeating: "x", count: count - 8))"}"# }
    let read = { (data: String) in reader.read(Sample.record(Sample.event(data))) }
    #expect(read(#"{"userId":1,"brokerNames":["b"],"ctidTraderAccountIds":[\#(list(100))]}"#).link != nil)
    #expect(
      read(#"{"userId":1,"brokerNames":["b"],"ctidTraderAccountIds":[\#(list(101))]}"#).fault?.reason == .invalidData)
    #expect(read(#"{"userId":1,"brokerNames":[\#(names(32))],"allAccounts":true}"#).link != nil)
    #expect(read(#"{"userId":1,"brokerNames":[\#(names(33))],"allAccounts":true}"#).fault?.reason == .invalidData)
    #expect(read(#"{"userId":1,"brokerNames":["\#(key(255))"],"allAccounts":true}"#).link != nil)
    #expect(read(#"{"userId":1,"brokerNames":["\#(key(256))"],"allAccounts":true}"#).fault?.reason == .invalidData)
    #expect(read(#"{\#(Self.base),"allAccounts":true,"idempotencyKey":"\#(key(255))"}"#).link != nil)
    #expect(read(#"{\#(Self.base),"allAccounts":true,"idempotencyKey":"\#(key(256))"}"#).fault?.reason == .invalidData)
    #expect(read(#"{\#(Self.base),"allAccounts":true,"context":\#(context(4096))}"#).link?.context?.count == 4096)
    #expect(read(#"{\#(Self.base),"allAccounts":true,"context":\#(context(4097))}"#).fault?.pointer == "/data/context")
  }

  @Test("The singular account field is refused with a sentence of its own")
  func explainsTheSingular() {
    let singular = reader.read(Sample.record(Sample.event(#"{\#(Self.base),"ctidTraderAccountId":1}"#))).fault
    let unknown = reader.read(Sample.record(Sample.event(#"{\#(Self.base),"accounts":1}"#))).fault
    #expect(singular?.sentence.contains("ctidTraderAccountIds") == true)
    #expect(singular?.sentence != unknown?.sentence)
  }

  @Test("A refusal names each field that is valid by itself")
  func namesWhatIsValid() {
    let identity = { (data: String) in reader.read(Sample.record(Sample.event(data))).identity }
    let all = identity(#"{"userId":7,"idempotencyKey":"k","context":{ "a" : 1 },"oops":1}"#)
    #expect(all?.userId == 7)
    #expect(all?.idempotencyKey == "k")
    #expect(all?.context == Array(#"{ "a" : 1 }"#.utf8))
    let none = identity(#"{"userId":0,"idempotencyKey":"\n","context":[]}"#)
    #expect(none == RequestIdentity(id: "7f3c-1", source: "/client-area/live"))
  }

  @Test("A replay request is read, also for a link whose key was made of source and id")
  func readsReplays() throws {
    let type = "link-account.replay-requested.v1"
    let key = String(repeating: "k", count: 511)
    let data =
      #"{"userId":5,"idempotencyKey":"\#(key)","reason":"adapter was down","operator":"ops","deadline":"2026-01-01T00:00:00Z","force":true}"#
    let replay = try #require(reader.read(Sample.record(Sample.event(data, type: type))).replay)
    #expect(replay.key == LinkKey(userId: 5, idempotencyKey: Text(key)))
    #expect(replay.reason == "adapter was down")
    #expect(replay.operator == "ops")
    #expect(replay.deadline?.milliseconds == 1_767_225_600_000)
    #expect(replay.force)
    let smallest = #"{"userId":5,"idempotencyKey":"k","reason":"r","operator":"o"}"#
    #expect(reader.read(Sample.record(Sample.event(smallest, type: type))).replay?.force == false)
    for (data, pointer) in [
      (#"{"userId":5,"reason":"r","operator":"o"}"#, "/data/idempotencyKey"),
      (#"{"userId":5,"idempotencyKey":"k","operator":"o"}"#, "/data/reason"),
      (#"{"userId":5,"idempotencyKey":"k","reason":"","operator":"o"}"#, "/data/reason"),
      (#"{"userId":5,"idempotencyKey":"\#(key)k","reason":"r","operator":"o"}"#, "/data/idempotencyKey"),
      (#"{"userId":5,"idempotencyKey":"k","reason":"r","operator":"o","force":"yes"}"#, "/data/force"),
      (#"{"userId":5,"idempotencyKey":"k","reason":"r","operator":"o","brokerNames":[]}"#, "/data/brokerNames"),
    ] {
      let reading = reader.read(Sample.record(Sample.event(data, type: type)))
      #expect(reading.fault?.pointer == pointer)
      #expect(reading.identity?.userId == 5)
    }
  }

  @Test("No sentence holds the value that it is about")
  func keepsValuesOutOfSentences() {
    let canary = "canary-4711"
    for data in [
      #"{"userId":"\#(canary)"}"#, #"{"userId":1,"brokerNames":["\#(canary)\n"],"allAccounts":true}"#,
      #"{"userId":1,"brokerNames":["b"],"allAccounts":"\#(canary)"}"#,
      #"{\#(Self.base),"allAccounts":true,"deadline":"\#(canary)"}"#,
      #"{\#(Self.base),"allAccounts":true,"context":"\#(canary)"}"#, #"{\#(Self.base),"x":"\#(canary)"}"#,
      #""\#(canary)""#, canary,
    ] {
      let fault = reader.read(Sample.record(Sample.event(data))).fault
      #expect(fault != nil)
      #expect(fault?.description.contains(canary) == false, "\(data)")
    }
  }
}
