import Foundation
import LinkCore
import LinkHTTP
import LinkSandbox
import Testing

@Suite("What goes wrong with a call", .timeLimit(.minutes(10)))
struct AdapterClientFaultTests {
  @Test("A refused connection is unsent")
  func refused() async throws {
    let (descriptor, port) = try RawServer.listen(backlog: 1)
    close(descriptor)
    #expect(try await TestClient("http://127.0.0.1:\(port)").call().unsent != nil)
  }

  @Test("A host that nobody knows is unsent")
  func unknownHost() async throws {
    #expect(try await TestClient("http://adapter.invalid:1").call().unsent != nil)
  }

  @Test("A connection that does not come about in its time is unsent")
  func connectTimeout() async throws {
    let (descriptor, port) = try RawServer.listen(backlog: 0)
    defer { close(descriptor) }
    // The queue of a listener that accepts nothing has room for one: the others' first packets are dropped.
    let fillers = (0..<4).map { _ in
      let filler = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
      var address = RawServer.loopback(port)
      _ = withUnsafeBytes(of: &address) { bytes in
        connect(filler, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
      }
      return filler
    }
    defer { for filler in fillers { close(filler) } }
    let answer = try await TestClient("http://127.0.0.1:\(port)") { $0.connectTimeout = 200 }.call()
    #expect(answer.unsent?.lowercased().contains("time") == true)
  }

  @Test("An adapter that takes the request and says nothing loses the answer when the time is up")
  func hang() async throws {
    let emulator = try AdapterClientTests.emulator(rules: [1: EmulatorRule(failure: .fault(.hang))])
    defer { emulator.stop() }
    let client = try TestClient(emulator.baseURL) { $0.totalTimeout = 2_000 }
    let clock = ContinuousClock()
    let start = clock.now
    #expect(await client.call().lost?.lowercased().contains("time") == true)
    #expect((.milliseconds(1_900)...(.seconds(30))).contains(clock.now - start))
    #expect(emulator.user(1)?.calls == 1)
  }

  @Test("A dripping adapter is held to the total time", arguments: [Milliseconds(1_500)])
  func drip(_ timeout: Milliseconds) async throws {
    let emulator = try AdapterClientTests.emulator(rules: [1: EmulatorRule(failure: .fault(.drip))])
    defer { emulator.stop() }
    #expect(try await TestClient(emulator.baseURL) { $0.totalTimeout = timeout }.call().lost != nil)
  }

  @Test(
    "A closed connection, half an answer and an endless one are lost",
    arguments: [EmulatorRule.Fault.lost, .truncate, .huge])
  func lost(_ fault: EmulatorRule.Fault) async throws {
    let emulator = try AdapterClientTests.emulator(rules: [1: EmulatorRule(failure: .fault(fault), failFirst: 1)])
    defer { emulator.stop() }
    let client = try TestClient(emulator.baseURL)
    #expect(await client.call(1).lost != nil)
    #expect(emulator.user(1)?.calls == 1)
    #expect(await client.call(2).status == 200)
  }

  @Test("A body of the limit's length is an answer, one byte more is lost", arguments: [true, false])
  func limit(_ isChunked: Bool) async throws {
    let server = try RawServer { connection, number in
      connection.readRequest()
      let body = String(repeating: "x", count: 100 + number)
      // Else the client may try the connection that is about to be closed.
      let last = "Connection: close\r\n"
      if isChunked {
        let size = String(body.utf8.count, radix: 16)
        connection.write("HTTP/1.1 200 OK\r\n\(last)Transfer-Encoding: chunked\r\n\r\n\(size)\r\n\(body)\r\n0\r\n\r\n")
      } else {
        connection.respond(body, headers: last)
      }
    }
    let client = try TestClient(server.url) { $0.answerLimit = 100 }
    #expect(await client.call(1).body?.utf8.count == 100)
    #expect(await client.call(2).lost?.contains("limit") == true)
  }

  @Test("What is no HTTP answer is lost, and the reason shows no secret", arguments: Nonsense.allCases)
  func nonsense(_ nonsense: Nonsense) async throws {
    let server = try RawServer { connection, _ in
      connection.readRequest()
      connection.write(nonsense.bytes)
    }
    let reason = try #require(try await TestClient(server.url).call().lost)
    #expect(!reason.contains(canary) && !reason.isEmpty)
    #expect(server.requests.count == 1)
  }

  /// Answers that are none.
  enum Nonsense: String, CaseIterable {
    case otherProtocol, binary, otherVersion, brokenChunk, brokenLength, endlessHeaders

    var bytes: String {
      switch self {
      case .otherProtocol: "SSH-2.0-OpenSSH_9 \(canary)\r\n"
      case .binary: "\u{0}\u{1}\u{2}\(canary)"
      case .otherVersion: "HTTP/9.9 \(canary)\r\n\r\n"
      case .brokenChunk: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(canary)\r\n"
      case .brokenLength: "HTTP/1.1 200 OK\r\nContent-Length: \(canary)\r\n\r\n"
      case .endlessHeaders: "HTTP/1.1 200 OK\r\n" + String(repeating: "X-Long: \(canary)\r\n", count: 4_000)
      }
    }
  }

  @Test("A redirect is an answer like others, and its target hears nothing", arguments: [301, 302, 303, 307, 308])
  func redirect(_ status: Int) async throws {
    let target = try RawServer { connection, _ in
      connection.readRequest()
      connection.respond("{}")
    }
    let rule = EmulatorRule(failure: .status(status, location: target.url + "/generate/token"))
    let emulator = try AdapterClientTests.emulator(rules: [1: rule])
    defer { emulator.stop() }
    #expect(try await TestClient(emulator.baseURL).call().status == status)
    #expect(target.connections == 0)
  }

  @Test("A connection that the adapter closed between two calls costs nothing")
  func closedWhileIdle() async throws {
    let (closed, closing) = AsyncStream.makeStream(of: Void.self)
    let server = try RawServer { connection, _ in
      connection.readRequest()
      connection.respond("{}")
      connection.end()
      closing.yield()
    }
    let client = try TestClient(server.url)
    for id in UInt64(1)...3 {
      #expect(await client.call(id).status == 200)
      for await _ in closed { break }
    }
    #expect(server.requests.count == 3)
  }

  @Test("A reused connection that dies under a call makes it lost, and never a second POST", arguments: [false, true])
  func diesWhenReused(_ isReset: Bool) async throws {
    let server = try RawServer { connection, number in
      connection.readRequest()
      connection.respond("{}")
      guard number == 0 else { return connection.awaitEnd() }
      connection.readRequest()
      if isReset { connection.reset() }
    }
    let client = try TestClient(server.url)
    #expect(await client.call(1).status == 200)
    #expect(await client.call(2).lost?.contains("died after the request was sent") == true)
    #expect(await client.call(3).status == 200)
    #expect(server.requests.count == 3)
  }

  @Test("Interim responses are passed over, and Retry-After belongs to the final one")
  func interim() async throws {
    let server = try RawServer { connection, _ in
      connection.readRequest()
      connection.write("HTTP/1.1 103 Early Hints\r\nRetry-After: 99\r\n\r\n")
      connection.respond("{}", status: "503 Service Unavailable", headers: "RETRY-AFTER:  7 \r\n")
    }
    let answer = try await TestClient(server.url).call()
    #expect(answer.status == 503)
    #expect(answer.retryAfter == .delay(7_000))
  }

  @Test("An answer has the Retry-After of its own response alone")
  func retryAfterOfAnother() async throws {
    let server = try RawServer { connection, _ in
      connection.readRequest()
      connection.respond("{}", status: "429 Too Many Requests", headers: "Retry-After: 1\r\n")
      connection.readRequest()
      connection.respond("{}", status: "429 Too Many Requests")
    }
    let client = try TestClient(server.url)
    #expect(await client.call(1).retryAfter == .delay(1_000))
    #expect(await client.call(2).retryAfter == nil)
  }

  @Test("Settings out of range are refused by name")
  func settings() throws {
    let changes: [(inout AdapterClientSettings) -> Void] = [
      { $0.connectTimeout = 0 }, { $0.totalTimeout = -1 }, { $0.concurrency = 0 }, { $0.answerLimit = 0 },
      { $0.waitingLimit = -1 },
    ]
    for change in changes {
      let failure = #expect(throws: AdapterClientFailure.self) { try TestClient("http://127.0.0.1:1", change: change) }
      #expect(failure?.hint.contains("number") == true)
    }
  }
}
