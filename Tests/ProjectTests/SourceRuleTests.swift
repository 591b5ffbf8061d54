import Foundation
import Testing

@Suite("The source keeps the project's rules")
struct SourceRuleTests {
  @Test(
    "No source file forces, traps or leaves work behind",
    arguments: [
      Ban("try!", "throw it on, or handle it"),
      Ban("fatalError(", "a typed error, or preconditionFailure for a programmer's error"),
      Ban("TODO", "do it, or write an issue"),
      Ban("FIXME", "fix it, or write an issue"),
      Ban("as!", "as? and handle nil"),
      Ban("print(", "the log, or the command's console"),
    ])
  func sources(_ ban: Ban) throws {
    for file in try SourceFile.all(under: "Sources") where !file.isConsole {
      for (number, line) in file.code where ban.isBroken(by: line) {
        Issue.record("\(file.path):\(number) has \(ban.word). Write instead: \(ban.instead).")
      }
    }
  }

  @Test(
    "No test sleeps",
    arguments: [
      Ban("Task.sleep", "await the condition with a deadline"), Ban(" sleep(", "await the condition with a deadline"),
      Ban("usleep(", "awaiting, the one place that asks for a condition again and again"),
    ])
  func tests(_ ban: Ban) throws {
    for file in try SourceFile.all(under: "Tests")
    where !file.path.contains("SourceRuleTests") && !file.path.hasSuffix("LinkTestSupport/Awaiting.swift") {
      for (number, line) in file.code where line.contains(ban.word) {
        Issue.record("\(file.path):\(number) has \(ban.word). Write instead: \(ban.instead).")
      }
    }
  }

  @Test("No source file is longer than 350 lines")
  func length() throws {
    for file in try SourceFile.all(under: "Sources") where file.lineCount > 350 {
      Issue.record("\(file.path) has \(file.lineCount) lines. Give each noun a file of its own.")
    }
  }

  @Test("Dependencies point down: the core imports nothing, and no edge imports another")
  func layers() throws {
    let edges: Set = ["LinkCrypto", "LinkKafka", "LinkHTTP", "LinkStore", "LinkOps"]
    for file in try SourceFile.all(under: "Sources") {
      let module = file.path.split(separator: "/")[1].description
      let imports = file.imports
      if module == "LinkCore" {
        #expect(imports.isEmpty, "\(file.path) imports \(imports): the core has no IO, no clock and no C.")
      } else if edges.contains(module) {
        let others = imports.intersection(edges).subtracting([module])
        #expect(others.isEmpty, "\(file.path) imports \(others): let LinkCommands join them.")
        #expect(!imports.contains("LinkCommands"), "\(file.path) imports LinkCommands: hand in a closure.")
      }
    }
  }
}

/// A word that the source must not have, and what to write instead.
struct Ban: Sendable, CustomTestStringConvertible {
  var word: String
  var instead: String

  init(_ word: String, _ instead: String) {
    self.word = word
    self.instead = instead
  }

  var testDescription: String { word }

  /// Whether the word stands there by itself, not as the end of another or a member.
  func isBroken(by line: String) -> Bool {
    line.ranges(of: word).contains { range in
      guard range.lowerBound > line.startIndex else { return true }
      let before = line[line.index(before: range.lowerBound)]
      return !before.isLetter && before != "." && !line.contains("func \(word)")
    }
  }
}

/// A Swift file of the project.
private struct SourceFile {
  var path: String
  var lines: [String]

  static func all(under folder: String) throws -> [SourceFile] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let paths = try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path)
      .filter { $0.hasSuffix(".swift") }
    try #require(!paths.isEmpty)
    return try paths.map { path in
      let text = try String(contentsOf: root.appending(path: folder).appending(path: path), encoding: .utf8)
      return SourceFile(path: "\(folder)/\(path)", lines: text.components(separatedBy: "\n"))
    }
  }

  var lineCount: Int { lines.count }

  /// Standard output is the console's business, and the benchmark's.
  var isConsole: Bool { path.hasSuffix("Console.swift") || path.hasPrefix("Sources/LinkBench/") }

  /// Lines with their numbers, without comments.
  var code: [(Int, String)] {
    lines.enumerated().map { ($0.offset + 1, $0.element) }.filter {
      !$0.1.drop(while: { $0 == " " }).hasPrefix("//")
    }
  }

  var imports: Set<String> {
    Set(
      lines.compactMap { line in
        let words = line.split(separator: " ")
        guard let index = words.firstIndex(of: "import"), index <= 1, words.count > index + 1 else { return nil }
        return String(words[index + 1])
      })
  }
}
