import Foundation
import LinkTestSupport
import Testing

/// The table of `rows.md` against the tests that there are.
@Suite struct RowTests {
  @Test("Each row of the list of faults has a proof, and each proof is a test that exists")
  func proofs() throws {
    let tests = try sentences()
    let rows = try table()
    #expect(rows.map(\.number) == Array(1...29) + Array(32...34) + Array(36...44))
    for row in rows {
      #expect(!row.proofs.isEmpty, "Row \(row.number) has no proof.")
      for proof in row.proofs where proof != "*simulation*" {
        #expect(tests.contains(proof), "Row \(row.number): no test says: \(proof)")
      }
    }
  }

  private struct Row {
    var number: Int
    var proofs: [String]
  }

  private func table() throws -> [Row] {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "rows.md")
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap { line in
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count == 4, let number = Int(cells[0]) else { return nil }
      return Row(number: number, proofs: cells[3] == "–" ? [] : cells[3].components(separatedBy: "<br>"))
    }
  }

  /// The sentences of all tests: the first text behind each `@Test(`.
  private func sentences() throws -> Set<String> {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    var found: Set<String> = []
    for path in try FileManager.default.subpathsOfDirectory(atPath: tests.path) where path.hasSuffix(".swift") {
      let text = try String(contentsOf: tests.appending(path: path), encoding: .utf8)
      for match in text.matches(of: /@Test\(\s*"((?:[^"\\]|\\.)*)"/) {
        found.insert(String(match.1))
      }
    }
    try #require(found.count > 100)
    return found
  }
}
