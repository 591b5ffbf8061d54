import Foundation
import LinkCore
import LinkHTTP
import LinkSandbox
import Testing

@Suite("The adapter client", .timeLimit(.minutes(10)))
struct AdapterClientTests {
  static func emulator(
    latency: Milliseconds = 0, rules: [Int64: EmulatorRule] = [:]
  ) throws -> AdapterEmulator {
    try AdapterEmulator(
      configuration: AdapterEmulatorConfiguration(
        credential: Secret(Array(canary.utf8)), latency: latency, rules: rules))
  }

  @Test("A call that the adapter grants is a response with a token for what was asked")
  func success() async throws {
    let emulator = try Self.emulator()
    defer { emulator.stop() }
    let answer = try await TestClient(emulator.baseURL).call()
    #expect(answer.status == 200)
    let value = try JSONValue(parsing: Array(try #require(answer.body).utf8))
    let token = try #require(value["d"]?.text)
    #expect(emulator.verify(Secret(token.utf8))?.userId == 1)
  }

  @Test("The request is the method, path, headers and body that the contract says, byte for byte, and no others")
  func wire() async throws {
    let server = try RawServer { connection, _ in
      connection.readRequest()
      connection.respond("{}")
    }
    let body = #"{"userId":1,"brokerNames":["é\u0000 \/ 日"], "x" :"\#(String(repeating: "y", count: 3_000))"}"#
    let trace = TraceContext(traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", tracestate: "a=b")
    #expect(try await TestClient(server.url + "/base/").call(body: body, trace: trace).status == 200)
    let request = String(decoding: try #require(server.requests.first), as: UTF8.self)
    let parts = try #require(request.range(of: "\r\n\r\n"))
    #expect(request[parts.upperBound...].utf8.elementsEqual(body.utf8))
    let lines = request[..<parts.lowerBound].components(separatedBy: "\r\n")
    #expect(lines[0] == "POST /base/generate/token HTTP/1.1")
    #expect(
      Set(lines.dropFirst()) == [
        "Host: 127.0.0.1:\(server.port)", "User-Agent: linkworker", "Authorization: Bearer \(canary)",
        "Content-Type: application/json", "Accept: application/json", "Content-Length: \(body.utf8.count)",
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate: a=b",
      ])
  }

  @Test(
    "An error text that repeats the credential, escaped or not, comes without it; other answers come as they are",
    arguments: [
      (#"{"s":"error","errmsg":"no \#(canary)!"}"#, #"{"s":"error","errmsg":"no <removed>!"}"#),
      (#"{"s":"error","errmsg":"no canary\u002dcredential-7f3a!"}"#, #"{"s":"error","errmsg":"no <removed>!"}"#),
      (#"{"s":"error", "errmsg":"a \/ b","x":1}"#, #"{"s":"error","errmsg":"a / b"}"#),
      (#"{"s":"ok", "d":"\#(canary)\/"}"#, #"{"s":"ok", "d":"\#(canary)\/"}"#),
      (#"no JSON \ at all"#, #"no JSON \ at all"#),
    ])
  func echo(answer: String, expected: String) async throws {
    let server = try RawServer { connection, _ in
      connection.readRequest()
      connection.respond(answer)
    }
    #expect(try await TestClient(server.url).call().body == expected)
  }

  @Test("A trace value that would end its header line is left out, and the next call has no trace of the last one's")
  func traceInjection() async throws {
    let server = try RawServer { connection, _ in
      while connection.readRequest() != nil { connection.respond("{}") }
    }
    let client = try TestClient(server.url)
    _ = await client.call(1, trace: TraceContext(traceparent: "00-a\r\nX-Evil: 1", tracestate: "good=1"))
    _ = await client.call(2)
    let requests = server.requests.map { String(decoding: $0, as: UTF8.self) }
    #expect(requests.count == 2)
    #expect(!requests[0].contains("Evil") && !requests[0].contains("traceparent"))
    #expect(requests[0].contains("tracestate: good=1"))
    #expect(!requests[1].contains("tracestate"))
  }

  @Test("64 calls are on the way at the same time, and so are the next 64, each answered once")
  func parallel() async throws {
    // Long enough for the last one to come while the first is under way.
    let emulator = try Self.emulator(latency: 2_000)
    defer { emulator.stop() }
    let client = try TestClient(emulator.baseURL) { $0.concurrency = 64 }
    for round in [UInt64(0), 100] {
      let calls = (1...64).map {
        AdapterCall(id: round + $0, body: Array(TestClient.body(Int64($0)).utf8), trace: TraceContext())
      }
      for call in calls { client.client.call(call) }
      for call in calls { #expect(await client.answers.get(call.id).status == 200) }
    }
    #expect(emulator.stats.concurrentMost == 64)
    #expect(client.client.inFlight == 0)
    #expect(client.answers.repeated.isEmpty)
  }

  @Test("No more calls than the concurrency are on the way; what waits is answered in its turn")
  func concurrency() async throws {
    let emulator = try Self.emulator(latency: 50)
    defer { emulator.stop() }
    let client = try TestClient(emulator.baseURL) { $0.concurrency = 4 }
    for id in 1...40 {
      client.client.call(AdapterCall(id: UInt64(id), body: Array(TestClient.body(1).utf8), trace: TraceContext()))
    }
    for id in 1...40 { #expect(await client.answers.get(UInt64(id)).status == 200) }
    #expect(emulator.stats.concurrentMost == 4)
    #expect(emulator.stats.calls == 40)
  }

  @Test("Calls beyond the limit of waiting ones are unsent at once")
  func waitingLimit() async throws {
    let server = try RawServer { connection, _ in
      connection.readRequest()
      connection.awaitEnd()
    }
    let client = try TestClient(server.url) {
      $0.concurrency = 1
      $0.waitingLimit = 1
    }
    for id in UInt64(1)...3 {
      client.client.call(AdapterCall(id: id, body: Array(TestClient.body(1).utf8), trace: TraceContext()))
    }
    #expect(await client.answers.get(3).unsent?.contains("limit") == true)
    #expect(client.client.inFlight == 2)
    client.client.shutdown()
  }

  @Test("A shutdown answers every call: lost where the adapter may have it, unsent where it cannot")
  func shutdown() async throws {
    let (arrived, arrival) = AsyncStream.makeStream(of: Void.self)
    let server = try RawServer { connection, _ in
      connection.readRequest()
      arrival.yield()
      connection.awaitEnd()
    }
    let client = try TestClient(server.url) { $0.concurrency = 1 }
    for id in UInt64(1)...2 {
      client.client.call(AdapterCall(id: id, body: Array(TestClient.body(1).utf8), trace: TraceContext()))
    }
    for await _ in arrived { break }
    client.client.shutdown()
    #expect(await client.answers.get(1).lost != nil)
    #expect(await client.answers.get(2).unsent != nil)
    #expect(await client.call(3).unsent != nil)
    #expect(client.client.inFlight == 0)
    client.client.shutdown()
  }

  @Test("A client that is let go of ends its thread and answers what is on the way")
  func released() async throws {
    let (arrived, arrival) = AsyncStream.makeStream(of: Void.self)
    let server = try RawServer { connection, _ in
      connection.readRequest()
      arrival.yield()
      connection.awaitEnd()
    }
    var client: TestClient? = try TestClient(server.url)
    let answers = try #require(client?.answers)
    client?.client.call(AdapterCall(id: 1, body: [0x7B, 0x7D], trace: TraceContext()))
    for await _ in arrived { break }
    client = nil
    #expect(await answers.get(1).lost != nil)
  }

  @Test("A proxy of the environment is not used")
  func proxy() async throws {
    let proxy = try RawServer { connection, _ in
      connection.readRequest()
      connection.respond("{}", status: "502 Bad Gateway")
    }
    for name in ["http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] { setenv(name, proxy.url, 1) }
    defer { for name in ["http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] { unsetenv(name) } }
    let emulator = try Self.emulator()
    defer { emulator.stop() }
    #expect(try await TestClient(emulator.baseURL).call().status == 200)
    #expect(proxy.connections == 0)
  }

  @Test(
    "A new credential in the file is used without a restart, and a fault of the file keeps the last good one and is told once"
  )
  func rotation() async throws {
    let emulator = try Self.emulator()
    defer { emulator.stop() }
    let file = try TemporaryFile(canary)
    let client = try TestClient(emulator.baseURL, credential: file)
    #expect(await client.call(1).status == 200)
    emulator.setCredential(Secret(Array("second".utf8)))
    #expect(await client.call(2).status == 401)
    try file.write("second\n")
    client.client.reloadCredential()
    #expect(await client.call(3).status == 200)
    try file.write("")
    for id in UInt64(4)...6 {
      client.client.reloadCredential()
      #expect(await client.call(id).status == 200)
    }
    #expect(client.faults.all.count == 1)
    #expect(client.faults.all.first?.subject == file.path)
    // Without being told: the file is looked at again by itself.
    emulator.setCredential(Secret(Array("third".utf8)))
    try file.write("third\n")
    var id: UInt64 = 7
    while await client.call(id).status != 200 { id += 1 }
  }
}
