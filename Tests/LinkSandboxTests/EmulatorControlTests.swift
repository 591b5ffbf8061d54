import Foundation
import LinkCore
import LinkSandbox
import Testing

@Suite("The emulator's control API", .timeLimit(.minutes(10)))
struct EmulatorControlTests {
  @Test("Calls are counted by user, by body and by trace")
  func counts() throws {
    let emulator = try emulator()
    defer { emulator.stop() }
    let client = try HTTPTestClient(port: emulator.port)
    for (body, trace) in [(body(1), "t1"), (body(1), "t1"), (body(1, accounts: "[5]"), "t2"), (body(2), nil)] {
      _ = try client.generate(body, trace: trace)
    }
    let user = try #require(try client.send("GET", "/_emulator/users/1")?.json)
    #expect(user["calls"]?.integer == 3 && user["ok"]?.integer == 3 && user["maxConcurrent"]?.integer == 1)
    #expect(user["byBody"]?.children.compactMap(\.integer).sorted() == [1, 2])
    #expect(user["byTraceparent"]?["t1"]?.integer == 2)
    #expect(user["bodies"].map { Array($0.children).count } == 3)
    #expect(emulator.user(1)?.callsByBody.values.sorted() == [1, 2])
    #expect(try client.send("GET", "/_emulator/users/3")?.status == 404)
    #expect(try client.send("GET", "/_emulator/users/x")?.status == 404)
    let stats = try #require(try client.send("GET", "/_emulator/stats")?.json)
    #expect(stats["total"]?.integer == 4 && stats["users"]?.integer == 2 && stats["byStatus"]?["200"]?.integer == 4)
    #expect(stats["maxConcurrentOfOneUser"]?.integer == 1)
    let lines = try #require(try client.send("GET", "/_emulator/calls")?.lines)
    #expect(lines.map { $0["userId"]?.integer } == [1, 2])
    #expect(lines.map { $0["calls"]?.integer } == [3, 1])
  }

  @Test("Bodies come back byte for byte in the order in which they came, the last so many of each user and of all")
  func bodies() throws {
    let emulator = try emulator {
      $0.bodyLimit = 5
      $0.bodyLimitOfUser = 3
    }
    defer { emulator.stop() }
    let client = try HTTPTestClient(port: emulator.port)
    func call(_ userId: Int64, _ number: Int) throws { _ = try client.generate(body(userId, accounts: "[\(number)]")) }
    for number in 1...4 { try call(1, number) }
    #expect(emulator.bodies(of: 1) == (2...4).map { Array(body(1, accounts: "[\($0)]").utf8) })
    for number in 1...3 { try call(2, number) }
    let expected = [(1, 3), (1, 4), (2, 1), (2, 2), (2, 3)].map { Array(body(Int64($0.0), accounts: "[\($0.1)]").utf8) }
    #expect(emulator.bodies().map(\.body) == expected)
    let lines = try #require(try client.send("GET", "/_emulator/bodies")?.lines)
    #expect(lines.map { $0["bodyBase64"]?.text?.string } == expected.map { Data($0).base64EncodedString() })
    for number in 5...20_000 where number % 1_000 == 0 { try call(Int64(number), number) }
    #expect(emulator.bodies().count == 5)
    #expect(emulator.bodies(of: 1).isEmpty)
    #expect(emulator.user(1)?.calls == 4)
  }

  @Test("Rules are taken a line each, all or none of them, and the faulty line is named")
  func rules() throws {
    let emulator = try emulator()
    defer { emulator.stop() }
    let client = try HTTPTestClient(port: emulator.port)
    let good = """
      {"userId":1,"failFirst":1}
      {"userId":2,"reject":"no"}
      {"userId":3,"failFirst":1,"status":429,"retryAfter":"9"}

      {"userId":4,"fault":"empty"}
      {"userId":5,"status":307,"location":"http://other.example/"}
      {"status":500}
      {"userId":6,"latencyMs":1}

      """
    #expect(try client.send("PUT", "/_emulator/users", body: good)?.status == 200)
    #expect(try (1...7).map { try client.generate(body($0))?.status } == [503, 200, 429, 200, 307, 200, 500])
    #expect(try client.generate(body(5))?.headers["location"] == "http://other.example/")
    let bad = [
      "x", "[]", #"{"userId":0}"#, #"{"userId":1,"status":99}"#, #"{"userId":1,"status":503,"reject":"x"}"#,
      #"{"user":1}"#,
      #"{"userId":1,"fault":"no"}"#, #"{"userId":1,"failFirst":-1}"#, #"{"userId":1,"latencyMs":-1}"#,
      #"{"userId":1,"status":503,"retryAfter":"a\r\nb"}"#,
    ]
    for line in bad {
      let answer = try #require(try client.send("PUT", "/_emulator/users", body: "{\"userId\":7}\n" + line))
      #expect(answer.status == 400 && answer.text.contains("Line 2"))
    }
    #expect(try client.generate(body(7))?.status == 500)
    // An empty rule takes the user's own one away.
    #expect(try client.send("PUT", "/_emulator/users", body: #"{"userId":2}"#)?.status == 200)
    #expect(try client.generate(body(2))?.status == 500)
    #expect(try client.send("PUT", "/_emulator/users", body: "{}")?.status == 200)
    #expect(try client.generate(body(2))?.status == 200)
  }

  @Test("A token is verified, its claims come back, and a bad one is not")
  func verify() throws {
    let emulator = try emulator()
    defer { emulator.stop() }
    let client = try HTTPTestClient(port: emulator.port)
    let token = try client.token(body(1, accounts: "[5]"))
    let claims = try #require(try client.send("POST", "/_emulator/verify", body: token)?.json)
    #expect(claims["userId"]?.integer == 1)
    #expect(claims["ctidTraderAccountIds"]?.written == Array("[5]".utf8))
    #expect(try client.send("POST", "/_emulator/verify", body: token + "x")?.status == 400)
  }

  @Test("The credential is changed, and a reset forgets counts, bodies and rules but not it")
  func credentialAndReset() throws {
    let emulator = try emulator { $0.rules = [1: EmulatorRule(failure: .status(500))] }
    defer { emulator.stop() }
    let client = try HTTPTestClient(port: emulator.port)
    #expect(try client.generate(body(1))?.status == 500)
    #expect(try client.send("PUT", "/_emulator/credential", body: "other\n")?.status == 200)
    #expect(try client.send("PUT", "/_emulator/credential", body: "two words")?.status == 400)
    #expect(try client.generate(body(1))?.status == 401)
    #expect(try client.send("POST", "/_emulator/reset")?.status == 200)
    #expect(emulator.stats == AdapterEmulatorStats())
    #expect(emulator.bodies().isEmpty && emulator.users().isEmpty)
    let headers = ["Authorization: Bearer other", "Content-Type: application/json"]
    #expect(try client.send("POST", "/generate/token", headers: headers, body: body(1))?.status == 200)
    #expect(try client.send("GET", "/_emulator/nothing")?.status == 404)
    #expect(try client.send("GET", "/_emulator/reset")?.status == 404)
  }

  @Test("Users beyond the limit are counted in the totals alone")
  func userLimit() throws {
    let emulator = try emulator { $0.userLimit = 2 }
    defer { emulator.stop() }
    let client = try HTTPTestClient(port: emulator.port)
    for user in Int64(1)...4 { #expect(try client.generate(body(user))?.status == 200) }
    #expect(emulator.stats.calls == 4 && emulator.stats.users == 2 && emulator.stats.uncountedCalls == 2)
    #expect(emulator.user(3) == nil)
  }
}
