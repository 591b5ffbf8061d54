import Foundation
import LinkTestSupport
import Testing

@Suite("The install script")
struct DependencyScriptTests {
  private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("scripts/install-dependencies").path

  @Test("Without root and sudo it ends with 77 and says what to run as root, though promtool alone is missing")
  func noPermission() throws {
    let folder = try Scratch()
    // Every program but these two, under a user who is not root. No network is asked before that.
    for place in ["/usr/local/bin", "/bin", "/usr/bin"] {
      for name in try FileManager.default.contentsOfDirectory(atPath: place)
      where !["sudo", "promtool", "id", "apt-get"].contains(name) {
        symlink("\(place)/\(name)", folder[name])
      }
    }
    try folder.write("id", "#!/bin/sh\necho 65534\n")
    try folder.write("apt-get", "#!/bin/sh\necho apt-get was called >&2\nexit 100\n")
    for name in ["id", "apt-get"] { chmod(folder[name], 0o755) }
    let outcome = try RunningProgram.run(
      ["/bin/bash", Self.script, "--test"], environment: ["PATH": folder.path])
    #expect(outcome.code == 77, "\(outcome.outputText)\(outcome.errorText)")
    #expect(outcome.errorText.contains("missing: promtool, and neither root nor sudo"))
    #expect(outcome.errorText.contains("\nTry, as root: "))
    #expect(!outcome.errorText.contains("apt-get was called"))
  }
}
