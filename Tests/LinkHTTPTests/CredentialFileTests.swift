import Foundation
import LinkCore
import LinkHTTP
import Testing

@Suite("The credential file", .timeLimit(.minutes(10)))
struct CredentialFileTests {
  private static func text(_ secret: Secret) -> String { String(decoding: secret.reveal(), as: UTF8.self) }

  @Test("One trailing line feed is dropped and everything else kept", arguments: ["abc", "abc\n", "a b+/=é", "é\n"])
  func good(_ content: String) throws {
    let file = try TemporaryFile(content)
    var credential = try CredentialFile(path: file.path)
    let expected = content.hasSuffix("\n") ? String(content.dropLast()) : content
    #expect(Self.text(credential.current { Issue.record("\($0)") }) == expected)
  }

  @Test(
    "An empty credential, control characters, a second line and a carriage return are refused, and never shown",
    arguments: [
      "", "\n", "s3cret\n\n", "s3cret\r\n", "s3cret\nx", "s3cret\u{0}", "s3cret\tx", "s3cret\u{7F}", "s3cret\u{85}",
    ])
  func bad(_ content: String) throws {
    let file = try TemporaryFile(content)
    let failure = #expect(throws: AdapterClientFailure.self) { try CredentialFile(path: file.path) }
    #expect(failure?.subject == file.path)
    #expect(failure?.description.contains("s3cret") == false)
  }

  @Test("16 KiB are a credential, a byte more is refused")
  func limit() throws {
    let file = try TemporaryFile(String(repeating: "x", count: 16 * 1024))
    #expect(throws: Never.self) { try CredentialFile(path: file.path) }
    try file.write(String(repeating: "x", count: 16 * 1024 + 1))
    #expect(throws: AdapterClientFailure.self) { try CredentialFile(path: file.path) }
  }

  @Test("Bytes that are not UTF-8, a folder, a pipe and nothing at all are refused with a hint")
  func notAFile() throws {
    let file = try TemporaryFile("x")
    try Data([0x61, 0xFF]).write(to: URL(fileURLWithPath: file.path))
    mkfifo(file.directory + "/pipe", 0o600)
    for path in [file.path, file.directory, file.directory + "/pipe", file.directory + "/missing"] {
      let failure = #expect(throws: AdapterClientFailure.self) { try CredentialFile(path: path) }
      #expect(failure?.hint.isEmpty == false)
    }
  }

  @Test("A rewritten file, a replaced one and a swapped symbolic link are read again")
  func changes() async throws {
    let file = try TemporaryFile("one")
    let link = file.directory + "/link"
    symlink("credential", link)
    var credential = try CredentialFile(path: link)
    let handle = try #require(FileHandle(forWritingAtPath: file.path))
    try handle.write(contentsOf: Data("two".utf8))
    try handle.close()
    await Self.await(&credential, "two")
    try file.write("three")
    await Self.await(&credential, "three")
    try Data("four".utf8).write(to: URL(fileURLWithPath: file.directory + "/next"))
    symlink("next", file.directory + "/link2")
    rename(file.directory + "/link2", link)
    await Self.await(&credential, "four")
  }

  @Test(
    "A file that goes bad leaves the last good credential, tells each fault once, and is taken again when it is mended")
  func faults() throws {
    let file = try TemporaryFile("good")
    var credential = try CredentialFile(path: file.path)
    var faults: [AdapterClientFailure] = []
    func current() -> String {
      credential.forceReload()
      return Self.text(credential.current { faults.append($0) })
    }
    try file.write("")
    for _ in 0..<3 { #expect(current() == "good") }
    try FileManager.default.removeItem(atPath: file.path)
    for _ in 0..<3 { #expect(current() == "good") }
    #expect(faults.count == 2)
    try file.write("better")
    #expect(current() == "better")
    try file.write("")
    #expect(current() == "better")
    #expect(faults.count == 3)
  }

  /// Reads the credential until it is the expected one; the suite's time limit ends a vain wait.
  private static func await(_ credential: inout CredentialFile, _ expected: String) async {
    while text(credential.current { Issue.record("\($0)") }) != expected { await Task.yield() }
  }
}
