import Dispatch
import Glibc
import LinkCore
import LinkSandbox
import Testing

@Suite("The adapter emulator", .timeLimit(.minutes(10)))
struct AdapterEmulatorTests {
  @Test("A token says what was asked for: accounts or all of them, and isVerified only where it was given")
  func claims() throws {
    let emulator = try emulator()
    defer { emulator.stop() }
    let client = try HTTPTestClient(port: emulator.port)
    let some = try client.token(
      #"{"userId":9223372036854775807,"brokerNames":["é","b\n"],"ctidTraderAccountIds":[2,1],"isVerified":false}"#)
    let claims = try #require(emulator.verify(Secret(Array(some.utf8))))
    #expect(claims.userId == .max)
    #expect(claims.brokerNames == ["é", "b\n"])
    #expect(claims.accounts == .some([2, 1]))
    #expect(claims.isVerified == false)
    #expect(claims.expiresAt - claims.issuedAt == 30 * 86_400_000)
    let all = try #require(emulator.verify(Secret(Array(try client.token(body(1)).utf8))))
    #expect(all.accounts == .all)
    #expect(all.isVerified == nil)
  }

  @Test("It ends at once although a process that was started meanwhile lives on")
  func endsBesideChildren() throws {
    let emulator = try emulator()
    let child = try ChildProcess(["sleep", "20"], output: "/dev/null")
    let ended = DispatchSemaphore(value: 0)
    DispatchQueue.global().async {
      emulator.stop()
      ended.signal()
    }
    #expect(ended.wait(timeout: .now() + 10) == .success)
    child.terminate(within: 0)
  }

  @Test("Two calls with one body make two tokens, both good")
  func distinct() throws {
    let emulator = try emulator()
    defer { emulator.stop() }
    let client = try HTTPTestClient(port: emulator.port)
    let tokens = try (0..<2).map { _ in try client.token(body(1)) }
    #expect(tokens[0] != tokens[1])
    for token in tokens { #expect(emulator.verify(Secret(Array(token.utf8)))?.userId == 1) }
    #expect(emulator.stats.tokens == 2)
  }

  @Test("A token that was changed, cut, or signed with another secret is not good")
  func forgery() throws {
    let one = try emulator()
    let other = try emulator { $0.tokenSecret = Secret(Array("another secret of the tests".utf8)) }
    defer {
      one.stop()
      other.stop()
    }
    let token = Array(try HTTPTestClient(port: one.port).token(body(1)).utf8)
    #expect(one.verify(Secret(token)) != nil)
    #expect(other.verify(Secret(token)) == nil)
    for index in token.indices {
      var changed = token
      changed[index] = changed[index] == 0x41 ? 0x42 : 0x41
      #expect(one.verify(Secret(changed)) == nil)
    }
    for bytes in [[], Array(token.dropLast()), token + [0x41], Array("a.b.c".utf8)] {
      #expect(one.verify(Secret(bytes)) == nil)
    }
  }

  @Test("A token is of no use after its life")
  func expiry() async throws {
    let emulator = try emulator { $0.tokenLife = 1_000 }
    defer { emulator.stop() }
    let token = Secret(Array(try HTTPTestClient(port: emulator.port).token(body(1)).utf8))
    while emulator.verify(token) != nil { await Task.yield() }
  }

  @Test("A logout revokes its token and no other, and asks for a good one")
  func logout() throws {
    let emulator = try emulator()
    defer { emulator.stop() }
    let client = try HTTPTestClient(port: emulator.port)
    let (one, other) = (try client.token(body(1)), try client.token(body(1)))
    let done = try #require(try client.send("POST", "/logout", headers: ["Authorization: Bearer \(one)"]))
    #expect(done.status == 200 && done.text == #"{"s":"ok"}"#)
    #expect(emulator.verify(Secret(Array(one.utf8))) == nil)
    #expect(emulator.verify(Secret(Array(other.utf8))) != nil)
    for headers in [["Authorization: Bearer \(one)"], ["Authorization: Bearer x"], []] {
      let refused = try #require(try client.send("POST", "/logout", headers: headers))
      #expect(refused.status == 401)
      #expect(try refused.json["s"]?.text == "error")
    }
  }

  @Test(
    "What is no right call is an error answer, is not counted as a call, and makes no token",
    arguments: [
      Wrong(404, path: "/generate/tokens"), Wrong(404, path: "/"), Wrong(405, method: "GET"), Wrong(405, method: "PUT"),
      Wrong(401, headers: ["Content-Type: application/json"]),
      Wrong(401, headers: ["Authorization: Bearer x", "Content-Type: application/json"]),
      Wrong(401, headers: ["Authorization: Bearer \(credential)x", "Content-Type: application/json"]),
      Wrong(401, headers: ["Authorization: Basic \(credential)", "Content-Type: application/json"]),
      Wrong(415, headers: ["Authorization: Bearer \(credential)"]),
      Wrong(415, headers: ["Authorization: Bearer \(credential)", "Content-Type: text/plain"]),
      Wrong(413, body: #"{"userId":1,"brokerNames":["\#(String(repeating: "x", count: 300_000))"]}"#),
      Wrong(400, body: ""), Wrong(400, body: "[]"), Wrong(400, body: body(0)), Wrong(400, body: body(-1)),
      Wrong(400, body: #"{"userId":1.0,"brokerNames":["b"]}"#),
      Wrong(400, body: #"{"userId":1e3,"brokerNames":["b"]}"#),
      Wrong(400, body: #"{"userId":"1","brokerNames":["b"]}"#),
      Wrong(400, body: #"{"userId":9223372036854775808,"brokerNames":["b"]}"#),
      Wrong(400, body: #"{"userId":true,"brokerNames":["b"]}"#), Wrong(400, body: #"{"brokerNames":["b"]}"#),
      Wrong(400, body: #"{"userId":1}"#), Wrong(400, body: #"{"userId":1,"brokerNames":[]}"#),
      Wrong(400, body: #"{"userId":1,"brokerNames":["b",1]}"#), Wrong(400, body: #"{"userId":1,"brokerNames":"b"}"#),
      Wrong(400, body: body(1, accounts: "[]")), Wrong(400, body: body(1, accounts: "[0]")),
      Wrong(400, body: body(1, accounts: "[1,\"2\"]")), Wrong(400, body: body(1, accounts: "null")),
      Wrong(400, body: #"{"userId":1,"brokerNames":["b"],"isVerified":1}"#),
      Wrong(400, body: #"{"userId":1,"brokerNames":["b"],"ctidTraderAccountId":[1]}"#),
      Wrong(400, body: #"{"userId":1,"userId":1,"brokerNames":["b"]}"#), Wrong(400, body: body(1) + "x"),
    ])
  func wrong(_ wrong: Wrong) throws {
    let emulator = try emulator()
    defer { emulator.stop() }
    let client = try HTTPTestClient(port: emulator.port)
    let answer = try #require(
      try client.send(wrong.method, wrong.path, headers: wrong.headers, body: wrong.body))
    #expect(answer.status == wrong.status)
    #expect(try answer.json["s"]?.text == "error")
    #expect(try answer.json["errmsg"]?.text?.utf8.isEmpty == false)
    #expect(emulator.stats.calls == 0 && emulator.stats.tokens == 0)
  }

  /// A request with one thing wrong.
  struct Wrong: CustomTestStringConvertible {
    var status: Int
    var method: String
    var path: String
    var headers: [String]
    var body: String

    init(
      _ status: Int, method: String = "POST", path: String = "/generate/token", headers: [String] = rightHeaders,
      body: String = LinkSandboxTests.body(1)
    ) {
      self.status = status
      self.method = method
      self.path = path
      self.headers = headers
      self.body = body
    }

    var testDescription: String { "\(status) \(method) \(path) \(headers.count) headers, \(body.prefix(60))" }
  }

  @Test("A content type with parameters is JSON, and the scheme of the credential has no case")
  func lenient() throws {
    let emulator = try emulator()
    defer { emulator.stop() }
    let headers = ["authorization: bearer \(credential)", "content-type: Application/JSON; charset=utf-8"]
    let answer = try HTTPTestClient(port: emulator.port).send(
      "POST", "/generate/token", headers: headers, body: body(1))
    #expect(answer?.status == 200)
  }

  @Test("A user fails so often as its rule says, and everybody else does not")
  func failFirst() throws {
    let rule = EmulatorRule(failure: .status(429, retryAfter: "7"), failFirst: 2)
    let emulator = try emulator { $0.rules = [1: rule] }
    defer { emulator.stop() }
    let client = try HTTPTestClient(port: emulator.port)
    let answers = try [1, 1, 2, 1].map { try #require(try client.generate(body($0))) }
    #expect(answers.map(\.status) == [429, 429, 200, 200])
    #expect(answers[0].headers["retry-after"] == "7")
    // A rule that is set anew counts anew.
    emulator.setRule(rule, for: 1)
    #expect(try client.generate(body(1))?.status == 429)
    #expect(emulator.stats.answersByStatus == [429: 3, 200: 2])
    #expect(emulator.user(1)?.calls == 4 && emulator.user(1)?.tokens == 1)
  }

  @Test("A rule for all counts each user's failures apart, and a user's own rule comes first")
  func ruleForAll() throws {
    let emulator = try emulator {
      $0.ruleForAll = EmulatorRule(failure: .status(503), failFirst: 1)
      $0.rules = [3: EmulatorRule(failure: .rejected(errmsg: "No \"such\" user"))]
    }
    defer { emulator.stop() }
    let client = try HTTPTestClient(port: emulator.port)
    #expect(try [1, 2, 1, 2].map { try client.generate(body($0))?.status } == [503, 503, 200, 200])
    for _ in 0..<3 {
      let answer = try #require(try client.generate(body(3)))
      #expect(answer.status == 200)
      #expect(try answer.json["errmsg"]?.text == "No \"such\" user")
    }
    #expect(emulator.stats.tokens == 2)
  }

  @Test("A hanging call and a dripping one end when the emulator stops")
  func stopWhileHeld() throws {
    let emulator = try emulator {
      $0.rules = [
        1: EmulatorRule(failure: .fault(.hang)), 2: EmulatorRule(failure: .fault(.drip)),
        3: EmulatorRule(latency: 3_600_000),
      ]
    }
    let clients = try (1...3).map { _ in try HTTPTestClient(port: emulator.port) }
    for (index, client) in clients.enumerated() {
      client.write("POST", "/generate/token", headers: rightHeaders, body: body(Int64(index + 1)))
    }
    while emulator.stats.calls < 3 { sched_yield() }
    emulator.stop()
    #expect(try clients[0].read() == nil)
    #expect(try clients[1].read()?.status == 200)
    #expect(try clients[2].read()?.isWhole == true)
    #expect(emulator.stats.concurrent == 0)
  }

  @Test("300 calls wait for their latency at once, and one user's are counted apart")
  func latency() throws {
    let emulator = try emulator(latency: 300)
    defer { emulator.stop() }
    let clients = try (0..<300).map { _ in try HTTPTestClient(port: emulator.port) }
    for (index, client) in clients.enumerated() {
      client.write("POST", "/generate/token", headers: rightHeaders, body: body(Int64(index / 2 + 1)))
    }
    for client in clients { #expect(try client.read()?.status == 200) }
    let stats = emulator.stats
    #expect(stats.calls == 300 && stats.users == 150 && stats.concurrent == 0)
    #expect(stats.concurrentMost > 256)
    #expect(stats.concurrentMostOfOneUser == 2)
  }

  @Test("A call ends before its client can see the answer: calls one after the other are never two at once")
  func sequential() throws {
    let emulator = try emulator(latency: 1) { $0.jitter = 2 }
    defer { emulator.stop() }
    for _ in 0..<50 { #expect(try HTTPTestClient(port: emulator.port).generate(body(1))?.status == 200) }
    #expect(emulator.stats.concurrentMostOfOneUser == 1)
  }

  @Test("256 clients are served without a standstill", arguments: [256, 128])
  func standstill(_ count: Int) throws {
    let emulator = try emulator()
    defer { emulator.stop() }
    let clients = try (0..<count).map { _ in try HTTPTestClient(port: emulator.port) }
    for _ in 0..<40 {
      for client in clients { client.write("POST", "/generate/token", headers: rightHeaders, body: body(1)) }
      for client in clients { try #require(try client.read()?.status == 200) }
    }
    #expect(emulator.stats.calls == 40 * count)
  }

  @Test("A taken port, a name for an address and missing TLS files are told with a hint")
  func badConfigurations() throws {
    let first = try emulator()
    defer { first.stop() }
    let changes: [(inout AdapterEmulatorConfiguration) -> Void] = [
      { $0.port = first.port }, { $0.listenAddress = "localhost" }, { $0.credential = Secret([]) }, { $0.latency = -1 },
      { $0.tls = .init(certificatePath: "/nowhere", keyPath: "/nowhere") }, { $0.tokenSecret = Secret([1]) },
      { $0.tls = .init(certificatePath: "/proc/self/status", keyPath: "/proc/self/status") },
      { $0.rules = [1: EmulatorRule(failure: .status(99))] },
    ]
    for change in changes {
      let failure = #expect(throws: SandboxFailure.self) { try emulator(change: change) }
      #expect(failure?.hint?.isEmpty == false)
    }
  }
}
