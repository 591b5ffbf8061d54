import Foundation
import LinkTestSupport
import Testing

@testable import LinkCommands

@Suite("make install")
struct InstallTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  private func make(_ target: String, _ variables: String...) throws -> RunningProgram.Outcome {
    try RunningProgram.run(["make", "--no-print-directory", "-C", Self.root, target] + variables)
  }

  @Test("puts binary, manual page and completions where the system looks for them, and make uninstall takes them away")
  func install() throws {
    let package = try Scratch()
    let destination = "DESTDIR=\(package.path)"
    let binary = try RunningProgram.linkworker
    let outcome = try make("install", destination, "PREFIX=/usr", "BINARY=\(binary)")
    #expect(outcome.code == 0, "\(outcome.errorText)")
    let places: [(String, mode_t, [String])] = [
      ("usr/bin/linkworker", 0o755, []), ("usr/share/man/man1/linkworker.1", 0o644, ["man"]),
      ("usr/share/bash-completion/completions/linkworker", 0o644, ["completion", "bash"]),
      ("usr/share/zsh/site-functions/_linkworker", 0o644, ["completion", "zsh"]),
    ]
    for (place, mode, command) in places {
      var status = stat()
      #expect(stat(package[place], &status) == 0 && status.st_mode & 0o777 == mode, "\(place)")
      let expected = command.isEmpty ? Scratch.bytes(of: binary) : try RunningProgram.run([binary] + command).output
      #expect(!expected.isEmpty && Scratch.bytes(of: package[place]) == expected, "\(place)")
    }
    #expect(try make("uninstall", destination, "PREFIX=/usr").code == 0)
    for (place, _, _) in places { #expect(access(package[place], F_OK) != 0, "\(place)") }
  }

  @Test("installs nothing where nothing was built, and says so")
  func nothing() throws {
    let package = try Scratch()
    let outcome = try make("install", "DESTDIR=\(package.path)", "BINARY=\(package["none"])")
    #expect(outcome.code != 0 && outcome.errorText.contains("Try: make build"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: package.path).isEmpty)
  }

  @Test("fails where the binary cannot print its page, rather than installing an empty one")
  func broken() throws {
    let package = try Scratch()
    let binary = try package.write("broken", "#!/bin/sh\nexit 70\n")
    chmod(binary, 0o755)
    #expect(try make("install", "DESTDIR=\(package["root"])", "BINARY=\(binary)").code != 0)
  }
}
