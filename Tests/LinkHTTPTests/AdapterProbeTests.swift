import Foundation
import LinkHTTP
import LinkSandbox
import Synchronization
import Testing

@Suite("The adapter is tried out", .timeLimit(.minutes(10)))
struct AdapterProbeTests {
  private func probe(_ url: String, ca: String? = nil) throws -> AdapterProbe.Finding {
    try AdapterProbe(
      AdapterClientSettings(
        endpoint: try AdapterEndpoint(url: url), credentialPath: "/nowhere/credential", caPath: ca,
        connectTimeout: 2_000, totalTimeout: 5_000)
    ).run()
  }

  @Test("Any HTTP answer means that it can be reached, and it is sent neither a credential nor a request for a token")
  func answers() throws {
    let server = try RawServer { connection, _ in
      _ = connection.readSome()
      connection.respond("nothing here", status: "404 Not Found")
    }
    #expect(try probe(server.url + "/tv/") == .answered(status: 404, address: "127.0.0.1:\(server.port)"))
    let seen = Mutex("")
    let spy = try RawServer { connection, _ in
      let text = String(decoding: connection.readSome(), as: UTF8.self)
      seen.withLock { $0 = text }
      connection.respond(String(repeating: "x", count: 100_000))
    }
    #expect(try probe(spy.url + "/tv") == .answered(status: 200, address: "127.0.0.1:\(spy.port)"))
    let request = seen.withLock { $0 }
    #expect(request.hasPrefix("GET /tv/ HTTP/1.1\r\n"))
    #expect(!request.lowercased().contains("authorization") && !request.contains("generate"))
  }

  @Test("A redirect is told and not followed")
  func redirect() throws {
    let server = try RawServer { connection, _ in
      _ = connection.readSome()
      connection.respond("", status: "302 Found", headers: "Location: http://127.0.0.1:1/elsewhere\r\n")
    }
    #expect(try probe(server.url) == .redirected(to: "http://127.0.0.1:1/elsewhere"))
    #expect(server.connections == 1)
  }

  @Test("A certificate of the configured authority is taken")
  func trusted() throws {
    let certificates = try TestCertificates.shared.get()
    let emulator = try TLSTests.emulator(certificates, "good")
    defer { emulator.stop() }
    guard case .answered = try probe(emulator.baseURL, ca: certificates.path("ca.pem")) else {
      Issue.record("it is not reached")
      return
    }
    #expect(emulator.stats.calls == 0)
  }

  @Test(
    "What is wrong with a certificate is named, with what to do",
    arguments: [
      ("expired", "ca.pem", "expired", "renewed"), ("otherhost", "ca.pem", "name", "adapter.url"),
      ("selfsigned", "ca.pem", "self", "adapter.ca.file"), ("otherca", "ca.pem", "issuer", "adapter.ca.file"),
      ("good", nil, "issuer", "set adapter.ca.file"),
    ])
  func untrusted(name: String, ca: String?, problem: String, hint: String) throws {
    let certificates = try TestCertificates.shared.get()
    let emulator = try TLSTests.emulator(certificates, name)
    defer { emulator.stop() }
    let finding = try probe(emulator.baseURL, ca: ca.map { certificates.path($0) })
    guard case .untrusted(let says, let advice) = finding else {
      Issue.record("\(finding)")
      return
    }
    #expect(says.lowercased().contains(problem) && advice.contains(hint), "\(finding)")
  }

  @Test("Nobody there, TLS where there is none and none where there is TLS are told apart")
  func unreachable() throws {
    func hint(_ url: String) throws -> String {
      guard case .unreachable(_, let hint) = try probe(url) else { return "" }
      return hint
    }
    let (descriptor, port) = try RawServer.listen(backlog: 1)
    close(descriptor)
    #expect(try hint("http://127.0.0.1:\(port)").contains("that the adapter runs"))
    #expect(try hint("http://nowhere.invalid").contains("DNS"))
    let plain = try RawServer { connection, _ in
      _ = connection.readSome()
      connection.respond("hello")
    }
    #expect(try hint("https://127.0.0.1:\(plain.port)").contains("an http address"))
    let mute = try RawServer { connection, _ in _ = connection.readSome() }
    #expect(try hint("http://127.0.0.1:\(mute.port)").contains("an https address"))
    #expect(throws: AdapterClientFailure.self) { try probe("https://127.0.0.1", ca: "/nowhere/ca.pem") }
  }
}
