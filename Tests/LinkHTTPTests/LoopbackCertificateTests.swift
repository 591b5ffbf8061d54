import Foundation
import LinkCore
import LinkHTTP
import LinkSandbox
import Testing

@Suite("The private authority that the emulator makes", .timeLimit(.minutes(10)))
struct LoopbackCertificateTests {
  @Test("A client that trusts it reaches the emulator by each name of the loopback; one that does not, does not")
  func trust() async throws {
    let place = try TemporaryFile("")
    let made = try LoopbackCertificates(directory: place.directory + "/tls")
    let emulator = try AdapterEmulator(
      configuration: AdapterEmulatorConfiguration(credential: Secret(Array(canary.utf8)), tls: made.server))
    defer { emulator.stop() }
    for host in ["localhost", "127.0.0.1"] {
      let url = "https://\(host):\(emulator.port)"
      #expect(try await TestClient(url, ca: made.authorityPath).call().status == 200)
      #expect(try await TestClient(url).call().unsent?.lowercased().contains("certificate") == true)
    }
  }

  @Test("Its files are used again, keys are for their owner alone, and no other name can be certified by it")
  func files() throws {
    let place = try TemporaryFile("")
    let directory = place.directory + "/tls"
    let first = try LoopbackCertificates(directory: directory)
    #expect(!first.wereThere)
    func content() throws -> [String: Data] {
      var content: [String: Data] = [:]
      for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
        content[name] = try Data(contentsOf: URL(fileURLWithPath: directory + "/" + name))
      }
      return content
    }
    let before = try content()
    #expect(Set(before.keys) == ["emulator-ca.pem", "emulator-ca.key", "emulator.pem", "emulator.key"])
    for name in before.keys {
      let attributes = try FileManager.default.attributesOfItem(atPath: directory + "/" + name)
      let mode = (attributes[.posixPermissions] as? Int) ?? 0
      #expect(name.hasSuffix(".key") ? mode == 0o600 : mode & 0o133 == 0)
    }
    #expect(try LoopbackCertificates(directory: directory).wereThere)
    #expect(try content() == before)
    let text = try openssl("x509", "-in", directory + "/emulator-ca.pem", "-noout", "-text")
    #expect(text.contains("Name Constraints: critical") && text.contains("CA:TRUE"))
    #expect(
      try openssl("verify", "-x509_strict", "-CAfile", directory + "/emulator-ca.pem", directory + "/emulator.pem")
        .hasSuffix(": OK\n"))
  }

  @Test("What is missing or has run out is made anew under the same authority, what is no pair of ours is left alone")
  func renewal() throws {
    let place = try TemporaryFile("")
    let directory = place.directory + "/tls"
    let made = try LoopbackCertificates(directory: directory)
    let authority = try Data(contentsOf: URL(fileURLWithPath: made.authorityPath))
    // The server's pair runs out within a day: a certificate by the same authority that ends in an hour.
    try openssl(
      "req", "-new", "-key", made.server.keyPath, "-subj", "/CN=localhost", "-out", directory + "/request")
    try Data("subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\n".utf8).write(
      to: URL(fileURLWithPath: directory + "/names"))
    try openssl(
      "x509", "-req", "-in", directory + "/request", "-CA", made.authorityPath, "-CAkey",
      directory + "/emulator-ca.key",
      "-set_serial", "7", "-days", "0", "-extfile", directory + "/names", "-out", made.server.certificatePath)
    let old = try Data(contentsOf: URL(fileURLWithPath: made.server.certificatePath))
    #expect(try !LoopbackCertificates(directory: directory).wereThere)
    #expect(try Data(contentsOf: URL(fileURLWithPath: made.server.certificatePath)) != old)
    for path in [made.server.certificatePath, made.server.keyPath] { try FileManager.default.removeItem(atPath: path) }
    #expect(try !LoopbackCertificates(directory: directory).wereThere)
    #expect(try LoopbackCertificates(directory: directory).wereThere)
    #expect(try Data(contentsOf: URL(fileURLWithPath: made.authorityPath)) == authority)

    for foreign in ["", "something else\n"] {
      try Data(foreign.utf8).write(to: URL(fileURLWithPath: made.server.certificatePath))
      let failure = #expect(throws: SandboxFailure.self) { try LoopbackCertificates(directory: directory) }
      #expect(failure?.subject == made.server.certificatePath && failure?.hint?.isEmpty == false)
      #expect(try Data(contentsOf: URL(fileURLWithPath: made.server.certificatePath)) == Data(foreign.utf8))
    }
    #expect(throws: SandboxFailure.self) { try LoopbackCertificates(directory: place.directory + "/no/where") }
    #expect(throws: SandboxFailure.self) { try LoopbackCertificates(directory: place.path) }
  }

  /// Runs the `openssl` command, which shares nothing with what is tested but the library.
  @discardableResult
  private func openssl(_ arguments: String...) throws -> String {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["openssl"] + arguments
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "openssl \(arguments): \(text)")
    return text
  }
}
