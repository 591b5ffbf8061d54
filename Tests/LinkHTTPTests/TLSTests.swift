import Foundation
import LinkCore
import LinkHTTP
import LinkSandbox
import Testing

@Suite("TLS to the adapter", .timeLimit(.minutes(10)))
struct TLSTests {
  @Test("A certificate of the configured authority is taken")
  func good() async throws {
    let certificates = try TestCertificates.shared.get()
    let emulator = try Self.emulator(certificates, "good")
    defer { emulator.stop() }
    let client = try TestClient(emulator.baseURL, ca: certificates.path("ca.pem"))
    for id in UInt64(1)...3 { #expect(await client.call(id).status == 200) }
  }

  @Test(
    "A certificate that is expired, of another host, self-signed or of an unknown authority leaves the call unsent",
    arguments: ["expired", "otherhost", "selfsigned", "otherca"])
  func bad(_ name: String) async throws {
    let certificates = try TestCertificates.shared.get()
    let emulator = try Self.emulator(certificates, name)
    defer { emulator.stop() }
    let answer = try await TestClient(emulator.baseURL, ca: certificates.path("ca.pem")).call()
    let reason = try #require(answer.unsent)
    #expect(reason.lowercased().contains("certificate") && !reason.contains(canary))
    #expect(emulator.stats.calls == 0 && emulator.stats.answersByStatus.isEmpty)
  }

  @Test("The configured authority replaces the system's, and without one the system's decide")
  func systemAuthorities() async throws {
    let certificates = try TestCertificates.shared.get()
    let emulator = try Self.emulator(certificates, "good")
    defer { emulator.stop() }
    #expect(try await TestClient(emulator.baseURL).call().unsent != nil)
    #expect(try await TestClient(emulator.baseURL, ca: certificates.path("ca2.pem")).call().unsent != nil)
  }

  @Test("Plain text on a TLS port is unsent, and nothing of the request is seen there")
  func plainText() async throws {
    let (seen, seeing) = AsyncStream.makeStream(of: [UInt8].self)
    let server = try RawServer { connection, _ in
      seeing.yield(connection.readSome())
      connection.respond("hello")
    }
    let answer = try await TestClient("https://127.0.0.1:\(server.port)").call()
    #expect(answer.unsent != nil)
    for await bytes in seen {
      // The beginning of a TLS handshake, and neither the path nor the credential.
      #expect(bytes.first == 0x16)
      let text = String(decoding: bytes, as: UTF8.self)
      #expect(!text.contains(canary) && !text.contains("generate"))
      break
    }
  }

  @Test("TLS on a plain-text port loses no call silently: the adapter's refusal or a lost answer comes back")
  func tlsPort() async throws {
    let certificates = try TestCertificates.shared.get()
    let emulator = try Self.emulator(certificates, "good")
    defer { emulator.stop() }
    let answer = try await TestClient("http://127.0.0.1:\(emulator.port)").call()
    #expect(answer.lost != nil)
    #expect(emulator.stats.calls == 0)
  }

  @Test("A certificate file that is missing, empty, damaged or cut is refused before any call")
  func badAuthorityFiles() throws {
    let certificates = try TestCertificates.shared.get()
    let good = try String(contentsOfFile: certificates.path("ca.pem"), encoding: .utf8)
    let files = [
      "": "no certificate", "hello": "no certificate", String(good.dropLast(40)): "no end",
      good.replacingOccurrences(of: "MII", with: "MI!"): "damaged",
      good.replacingOccurrences(of: "\n-----END", with: "AAAA\n-----END"): "damaged",
    ]
    for (content, problem) in files {
      let file = try TemporaryFile(content)
      let failure = #expect(throws: AdapterClientFailure.self) { try TestClient("https://127.0.0.1:1", ca: file.path) }
      #expect(failure?.subject == file.path && failure?.problem.contains(problem) == true)
    }
    #expect(throws: AdapterClientFailure.self) { try TestClient("https://127.0.0.1:1", ca: "/nowhere/ca.pem") }
    let two = try TemporaryFile("Our own:\n" + good + good)
    #expect(throws: Never.self) { try TestClient("https://127.0.0.1:1", ca: two.path) }
  }

  static func emulator(_ certificates: TestCertificates, _ name: String) throws -> AdapterEmulator {
    try AdapterEmulator(
      configuration: AdapterEmulatorConfiguration(
        credential: Secret(Array(canary.utf8)),
        tls: .init(certificatePath: certificates.path(name + ".pem"), keyPath: certificates.path(name + ".key"))))
  }
}

/// Certificates made once by the `openssl` command: good, and bad in each way.
final class TestCertificates: Sendable {
  /// Made for the first test that asks; the files go when the process does.
  static let shared: Result<TestCertificates, any Error> = Result {
    let certificates = try TestCertificates()
    atexit { if case .success(let made) = TestCertificates.shared { try? made.remove() } }
    return certificates
  }

  private let directory: String

  init() throws {
    directory = FileManager.default.temporaryDirectory.path + "/linkhttp-tls-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    try run(
      """
      set -e
      key() { openssl ecparam -name prime256v1 -genkey -noout -out $1.key; }
      authority() { key $1; openssl req -x509 -new -key $1.key -subj "/CN=Test authority $1" -days 30 -out $1.pem; }
      sign() { # name, authority, days, subject alternative name
        key $1
        openssl req -new -key $1.key -subj "/CN=$1" -out $1.csr
        echo "subjectAltName=$4" > $1.ext
        openssl x509 -req -in $1.csr -CA $2.pem -CAkey $2.key -CAcreateserial -days $3 -extfile $1.ext -out $1.pem
      }
      authority ca
      authority ca2
      sign good ca 30 IP:127.0.0.1
      sign expired ca -1 IP:127.0.0.1
      sign otherhost ca 30 DNS:other.example
      sign otherca ca2 30 IP:127.0.0.1
      key selfsigned
      openssl req -x509 -new -key selfsigned.key -subj /CN=x -addext subjectAltName=IP:127.0.0.1 -days 30 -out selfsigned.pem
      """)
  }

  private func remove() throws { try FileManager.default.removeItem(atPath: directory) }

  func path(_ name: String) -> String { directory + "/" + name }

  private func run(_ script: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", script]
    process.currentDirectoryURL = URL(fileURLWithPath: directory)
    process.standardError = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "The openssl command is needed, and did not make the certificates.")
  }
}
