import Foundation
import LinkTestSupport
import Testing

@testable import LinkCommands

@Suite("The documents at the root")
struct DocumentTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private static func text(_ name: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(name), encoding: .utf8)
  }

  /// A fenced block, without the indentation of its fence.
  private struct Block {
    var language: String
    var lines: [String]

    static func all(in text: String) -> [Block] {
      var blocks: [Block] = []
      var isOpen = false
      for line in text.components(separatedBy: "\n") {
        let words = line.drop { $0 == " " }
        if words.hasPrefix("```") {
          isOpen.toggle()
          if isOpen { blocks.append(Block(language: String(words.dropFirst(3)), lines: [])) }
        } else if isOpen {
          blocks[blocks.count - 1].lines.append(String(words))
        }
      }
      return blocks
    }

    /// Its commands, each on one line, without what follows a `#`.
    var commands: [String] {
      lines.joined(separator: "\n").replacingOccurrences(of: "\\\n", with: " ").components(separatedBy: "\n")
        .map { ($0.components(separatedBy: " #").first ?? "").trimmingCharacters(in: .whitespaces) }
        .filter { !$0.isEmpty }
    }
  }

  @Test("Each block that they show is checked somewhere", arguments: ["README.md", "CONTRIBUTING.md"])
  func blocks(document: String) throws {
    let blocks = Block.all(in: try Self.text(document))
    #expect(!blocks.isEmpty)
    for block in blocks {
      switch block.language {
      case "sh": for command in block.commands { try check(command) }
      case "properties": try checkSettings(block)
      // scripts/check-schemas validates each JSON block; a diagram is for people.
      case "json", "mermaid": break
      // An excerpt, with an ellipsis for what is left out, is for people too.
      case "text" where block.lines.contains { $0.contains("…") }: break
      case "text": try checkOutput(block)
      default: Issue.record("\(document): nothing checks a block of \"\(block.language)\": \(block.lines.first ?? "")")
      }
    }
    #expect(try Self.text("scripts/check-schemas").contains("\"README.md\""))
  }

  /// What stands in front of a command says who checks it.
  private func check(_ command: String) throws {
    let words = command.split(separator: " ").map(String.init)
    switch words[0] {
    case "make":
      #expect(try Self.text("Makefile").contains("\n\(words[1]):"), "\(command): the Makefile has no such target")
    case "linkworker": checkCommandLine(command)
    // ShellCompletionTests loads the scripts as shells do.
    case "eval":
      let known = CompletionScript.allCases.map { "eval \"$(linkworker completion \($0.rawValue))\"" }
      #expect(known.contains(command), "\(command)")
    // ReadmeTests types these, and knows how many there are.
    case "kcat": break
    // AdapterEmulatorCommandTests types these.
    case "curl" where command.contains("/_emulator/"): break
    // AdminTests types this one.
    case "curl" where command == AdminRig.readmeCommand: break
    default: Issue.record("nothing checks this command: \(command)")
    }
  }

  /// What a command is shown to say is what it says.
  private func checkOutput(_ block: Block) throws {
    let file = "requests.ndjson"
    guard block.lines.first?.hasPrefix(file + ":1: ") == true else {
      Issue.record("nothing checks this output: \(block.lines.first ?? "")")
      return
    }
    let good = RequestEvent(id: "r1", userID: 1, idempotencyKey: "k", accounts: [7]).structured
    let bad = good.replacingOccurrences(of: "\"userId\":1", with: "\"userId\":\"1\"")
    try #require(bad != good)
    let folder = try Scratch()
    try folder.write(file, "\(good)\n\(bad)\n")
    let outcome = try RunningProgram.run([
      "/bin/sh", "-c", "cd '\(folder.path)' && exec '\(try RunningProgram.linkworker)' validate \(file)",
    ])
    #expect(outcome.outputText == block.lines.joined(separator: "\n") + "\n")
  }

  /// A worker takes these settings where the files that they name are there.
  private func checkSettings(_ block: Block) throws {
    let folder = try Scratch()
    let secret = try folder.write("secret", "made-up\n")
    let file = PropertiesFile(Array(block.lines.joined(separator: "\n").utf8))
    #expect(file.faults.isEmpty && !file.entries.isEmpty)
    let lines = file.entries.map { entry in
      switch SettingTable.definition(of: entry.name)?.kind {
      case .file?, .secretFile?: "\(entry.name)=\(secret)\n"
      default: "\(entry.name)=\(entry.value)\n"
      }
    }
    let settings = try folder.write("worker.properties", lines.joined())
    #expect(throws: Never.self) { try SettingsLoader(configFile: settings).load(for: .worker) }
  }

  @Test(
    "Each command line of linkworker that they mention can be typed so", arguments: ["README.md", "CONTRIBUTING.md"])
  func commandLines(document: String) throws {
    for match in try Self.text(document).matches(of: /`(linkworker [^`]+)`/) { checkCommandLine(String(match.1)) }
  }

  /// The words of the first command of a line, their quoting taken off.
  private static func words(of line: String) -> [String] {
    line.matches(of: /(?:[^\s"']|"[^"]*"|'[^']*')+/).map { String($0.0) }
      .prefix { !["|", ">", ">>", "<", "&&", "&", ";"].contains($0) }.map(ShellWord.unquoted)
  }

  @Test("The README's table of exit codes is that of the program")
  func exitCodes() throws {
    let readme = try Self.text("README.md")
    for code in ExitCode.allCases {
      let meaning = code.meaning.replacingOccurrences(of: "the command has", with: "a command has")
      #expect(readme.contains("\n| \(code.rawValue) | \(meaning)"), "exit code \(code.rawValue)")
    }
  }

  @Test("The README's table of findings is that of audit")
  func findings() throws { #expect(try Self.text("README.md").contains("\n" + AuditFindingKind.markdown() + "\n")) }

  private func checkCommandLine(_ line: String) {
    let words = Self.words(of: line).dropFirst().map { $0 == "COMMAND" ? "run" : $0 }
    do {
      _ = try CommandParser(commands: LinkCommandLine.commands, environment: [:]).parse(words)
    } catch {
      // A command that is named without what it needs is only mentioned.
      guard words.count > 2 || !error.lines.allSatisfy({ $0.reason.hasPrefix("needs ") }) else { return }
      Issue.record("\(line): \(error.lines.map(\.description).joined(separator: " "))")
    }
  }
}
