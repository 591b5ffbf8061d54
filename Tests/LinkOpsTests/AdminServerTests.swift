import LinkCore
import LinkTestSupport
import Testing

@testable import LinkOps

@Suite("The admin address") struct AdminServerTests {
  let worker = Fixture()

  @Test("GET and HEAD are answered; other methods are told which there are, other paths what there is")
  func pages() throws {
    worker.run()
    let server = try worker.server()
    defer { server.stop() }
    let port = server.address.port
    for path in ["/livez", "/readyz", "/metrics", "/readyz?verbose=1"] {
      let get = try HTTPAnswer.get(path, port: port)
      #expect(get.status == 200 && !get.body.isEmpty, "\(path)")
      let head = try HTTPAnswer.get(path, port: port, method: "HEAD")
      #expect(head.status == 200 && head.body.isEmpty, "\(path)")
      for method in ["POST", "PUT", "DELETE", "OPTIONS", "PURGE"] {
        let other = try HTTPAnswer.get(path, port: port, method: method, headers: ["Content-Length: 0"])
        #expect(other.status == 405 && other.head.contains("Allow: GET, HEAD"), "\(method) \(path)")
      }
    }
    for path in ["/", "/healthz", "/metrics/", "/livez/../readyz", "/%6Civez2"] {
      let answer = try HTTPAnswer.get(path, port: port)
      #expect(answer.status == 404 && answer.body.contains("/livez, /readyz, /metrics"), "\(path)")
    }
    #expect(try HTTPAnswer.get("/metrics", port: port).head.contains("text/plain; version=0.0.4; charset=utf-8"))
    let open = try HTTPAnswer.get("/metrics", port: port, headers: ["Accept: application/openmetrics-text"])
    #expect(open.head.contains("application/openmetrics-text; version=1.0.0; charset=utf-8"))
    #expect(open.body.hasSuffix("# EOF\n"))
  }

  @Test("What is not HTTP gets an error or a closed connection, and the next probe its answer")
  func garbage() throws {
    let server = try worker.server()
    defer { server.stop() }
    let port = server.address.port
    var random = SeededRandom(seed: 5)
    var attempts: [[UInt8]] = [
      Array("\r\n\r\n\r\n".utf8), Array("GET\r\n\r\n".utf8), Array("GET /livez HTTP/9.9\r\n\r\n".utf8),
      Array("GET /livez HTTP/1.1\r\nContent-Length: -1\r\n\r\n".utf8),
      Array("GET /\u{0} HTTP/1.1\r\nHost: x\r\n\r\n".utf8), [0x16, 0x03, 0x01, 0x02, 0x00, 0x01],
      Array("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n".utf8),
      Array("GET /".utf8) + [UInt8](repeating: UInt8(ascii: "a"), count: 200_000),
    ]
    attempts += (0..<50).map { _ in (0..<300).map { _ in UInt8.random(in: 0...255, using: &random) } }
    for attempt in attempts {
      let socket = try LoopbackSocket(port: port)
      socket.write(attempt)
      #expect(try HTTPAnswer.get("/livez", port: port).status == 200)
    }
  }

  @Test("A thousand connections that say nothing, or little, lock no probe out, and cost few descriptors")
  func crowd() throws {
    let server = try worker.server()
    defer { server.stop() }
    let port = server.address.port
    var crowd: [LoopbackSocket] = []
    for number in 0..<1000 {
      let socket = try LoopbackSocket(port: port)
      if number % 2 == 0 { socket.write(Array("GET /livez HTTP/1.1\r\nHost: ".utf8)) }
      crowd.append(socket)
      if number % 100 == 99 { #expect(try HTTPAnswer.get("/livez", port: port).status == 200, "\(number)") }
    }
    try awaiting("The end of the oldest") { crowd.count(where: \.isClosed) >= 1000 - 80 }
    #expect(try HTTPAnswer.get("/metrics", port: port).status == 200)
    #expect(!(crowd.last?.isClosed ?? true), "the youngest is still served")
    // The test's own ends aside, at most the limit and its margin.
    let page = try MetricPage(port: port)
    let descriptors = try #require(page["process_open_fds"])
    #expect(descriptors < 1150)
  }

  @Test("A client that sends and reads slowly holds nobody up")
  func slow() throws {
    let server = try worker.server()
    defer { server.stop() }
    let port = server.address.port
    let slow = try LoopbackSocket(port: port)
    for byte in "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8 {
      #expect(slow.write([byte]))
      #expect(try HTTPAnswer.get("/livez", port: port).status == 200)
    }
    let answer = String(decoding: slow.readToEnd(), as: UTF8.self)
    #expect(answer.hasPrefix("HTTP/1.1 200 OK") && answer.hasSuffix("\n"))
    server.stop()
    #expect(throws: Missing.self) { try LoopbackSocket(port: port) }
  }

  @Test("A port that is taken is said with address and reason")
  func taken() throws {
    let first = try worker.server()
    defer { first.stop() }
    #expect {
      try AdminServer(first.address, health: worker.health, metrics: worker.metrics, clock: { worker.now })
    } throws: { "\($0)".contains("127.0.0.1 port \(first.address.port): Address already in use") }
  }

  @Test(
    "An address is numeric, with a port; localhost is 127.0.0.1",
    arguments: [
      ("127.0.0.1:9464", "127.0.0.1:9464"), ("0.0.0.0:0", "0.0.0.0:0"), ("[::1]:65535", "[::1]:65535"),
      ("localhost:1", "127.0.0.1:1"), ("[::]:9464", "[::]:9464"), ("::1:9464", nil), ("9464", nil), (":9464", nil),
      ("127.0.0.1", nil), ("127.0.0.1:", nil), ("127.0.0.1:65536", nil), ("127.0.0.1:-1", nil), ("host:1", nil),
      ("127.0.0.1:+1", nil), ("[127.0.0.1]:1", nil), ("[]:1", nil), ("300.0.0.1:1", nil), ("", nil),
    ] as [(String, String?)])
  func address(text: String, read: String?) { #expect(ListenAddress(text)?.description == read) }
}
