import Foundation
import LinkTestSupport
import Testing

@testable import LinkCommands

/// The root of the sources.
private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent()

@Suite("The permissions that the worker needs")
struct NeededPermissionTests {
  private let needed: Set<String>

  init() throws {
    let directory = try TemporaryDirectory()
    let settings = try SettingsLoader(arguments: [
      "kafka.bootstrap.servers=localhost:9092", "adapter.url=http://localhost:1",
      "adapter.credential.file=\(directory.write("credential", "c4nary"))",
    ]).load(for: .worker)
    needed = Set(
      NeededPermission.all(settings).map { "\($0.resource.rawValue) \($0.name) \($0.operation.rawValue)" })
  }

  @Test("are those of the README's table")
  func readme() throws {
    let text = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
    let section = try #require(text.components(separatedBy: "### Permissions\n").dropFirst().first)
    var found: Set<String> = []
    for line in section.components(separatedBy: "\n#")[0].split(separator: "\n") where line.hasPrefix("| ") {
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      let name = cells[1].split(separator: "`")
      guard cells.count > 2, name.count > 1 || cells[1].hasPrefix("`"), cells[0] != "resource" else { continue }
      let resource = cells[0].replacing(" ", with: "-")
      let value = cells[1].hasPrefix("`") ? name[0] : name[1]
      for operation in cells[2].components(separatedBy: ", ") { found.insert("\(resource) \(value) \(operation)") }
    }
    #expect(found == needed)
  }

  @Test("are those that deploy/kafka-acls.sh makes, and no more")
  func script() throws {
    let script = root.appending(path: "deploy/kafka-acls.sh").path
    let outcome = try RunningProgram.run(["bash", script, "--principal", "User:worker"])
    #expect(outcome.code == 0, "\(outcome.errorText)")
    var found: Set<String> = []
    for line in outcome.outputText.split(separator: "\n") {
      let words = line.split(separator: " ").map(String.init)
      func values(_ option: String) -> [String] {
        zip(words, words.dropFirst()).filter { $0.0 == option }.map(\.1)
      }
      for resource in ["topic", "group", "transactional-id"] {
        for name in values("--" + resource) {
          for operation in values("--operation") { found.insert("\(resource) \(name) \(operation)") }
        }
      }
      #expect(values("--allow-principal") == ["User:worker"])
      #expect(line.contains("prefixed") == line.contains("--transactional-id"))
    }
    #expect(found == needed)
    for wrong in [[], ["--principal"], ["--principal", "worker"], ["--principal", "User:w", "--topic", "x"]] {
      let outcome = try RunningProgram.run(["bash", script] + wrong)
      #expect(outcome.code == 64 && outcome.errorText.contains("Try: "))
    }
  }
}
