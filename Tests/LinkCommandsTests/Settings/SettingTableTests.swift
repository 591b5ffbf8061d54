import Foundation
import LinkOps
import Testing

@testable import LinkCommands

/// The README at the root of the sources.
private let readmeFile = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("README.md")

@Suite("The table of settings")
struct SettingTableTests {
  @Test("has no name, and no variable of the environment, twice")
  func unique() {
    let names = SettingTable.all.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(Set(SettingTable.all.map(\.environmentName)).count == names.count)
  }

  @Test("has defaults that it accepts itself", arguments: SettingTable.all.map(\.name))
  func defaults(name: String) throws {
    let row = try #require(SettingTable.definition(of: name))
    guard case .preset(let value) = row.presence else { return }
    var settings = WorkerSettings()
    try row.apply(value, to: &settings)
  }

  @Test("says what each setting does, in whole sentences")
  func sentences() {
    for row in SettingTable.all {
      #expect(row.meaning.hasSuffix("."), "\(row.name): end the meaning with a full stop")
      #expect(row.interactions.isEmpty || row.interactions.hasSuffix("."), "\(row.name): end it with a full stop")
      #expect(row.hazard.isEmpty || row.hazard.hasSuffix("."), "\(row.name): end the hazard with a full stop")
      #expect(!(row.meaning + row.interactions + row.hazard).contains("|"), "\(row.name): no | in a Markdown table")
    }
  }

  @Test(
    "stands in the README as it is",
    .enabled(if: FileManager.default.fileExists(atPath: readmeFile.path), "there is no README.md beside the sources"))
  func readme() throws { try expectReadme("settings", SettingTable.markdown()) }

  @Test(
    "and so does the table of metrics",
    .enabled(if: FileManager.default.fileExists(atPath: readmeFile.path), "there is no README.md beside the sources"))
  func metrics() throws { try expectReadme("metrics", MetricTable.markdown()) }

  private func expectReadme(_ name: String, _ table: String) throws {
    let text = try String(contentsOf: readmeFile, encoding: .utf8)
    let start = try #require(text.range(of: "<!-- \(name) -->"), "README.md has no <!-- \(name) --> marker")
    let end = try #require(text.range(of: "<!-- /\(name) -->"), "README.md has no <!-- /\(name) --> marker")
    let found = text[start.upperBound..<end.lowerBound].trimmingCharacters(in: .whitespacesAndNewlines)
    let expected = table.trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(found == expected, "put the output of `linkworker help \(name)` between the markers of README.md")
  }
}
