import Foundation
import Testing

@testable import LinkCommands

@Suite("linkworker config list and config example")
struct SettingTableFormsTests {
  private func run(_ arguments: String...) throws -> Program.Outcome {
    try Program.Running(["config"] + arguments).end()
  }

  @Test("list every setting with its meaning, hazard, default and variable")
  func list() throws {
    let outcome = try run("list")
    #expect(outcome.code == 0 && outcome.errors.isEmpty)
    let entries = outcome.output.components(separatedBy: "\n\n")
    #expect(entries.count == SettingTable.all.count)
    for (row, entry) in zip(SettingTable.all, entries) {
      #expect(entry.hasPrefix(row.name + "\n") && entry.contains(row.environmentName))
      let words = entry.split(whereSeparator: { " \n".contains($0) }).joined(separator: " ")
      for text in [row.meaning, row.interactions, row.hazard] where !text.isEmpty {
        #expect(words.contains(SettingTable.plain(text)))
      }
    }
  }

  @Test("list one setting by its name, and say what another name is")
  func one() throws {
    let outcome = try run("list", "adapter.timeout.ms")
    #expect(
      outcome.output == """
        adapter.timeout.ms
            For the whole call.
            Mind: Shorter than the adapter's slowest answer, a token may be made and lost at
            every try.
            accepts: ms, 10 … 600000; default 5000; LINKWORKER_ADAPTER_TIMEOUT_MS

        """)
    let cases = [
      ("adapter.timeot.ms", "did you mean adapter.timeout.ms?"), ("kafka.acks", "cannot be set"),
      ("kafka.security.protocol", "is librdkafka's own and passes through"), ("nonsense", "is no setting"),
    ]
    for (name, words) in cases {
      let outcome = try run("list", name)
      #expect(outcome.code == 64 && outcome.errors.contains(words), "\(outcome.errors)")
    }
  }

  @Test("list as one JSON object a line, whose defaults and ranges are those of the table")
  func json() throws {
    let lines = try run("list", "--json").output.split(separator: "\n")
    #expect(lines.count == SettingTable.all.count)
    for (row, line) in zip(SettingTable.all, lines) {
      let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      #expect(object["setting"] as? String == row.name && object["meaning"] as? String == row.meaning)
      #expect(object["required"] as? Bool == (row.presence == .required))
      if case .preset(let value) = row.presence { #expect(object["default"] as? String == value) }
      if case .duration(let range) = row.kind {
        #expect(object["unit"] as? String == "ms" && object["maximum"] as? Int64 == range.upperBound)
      }
      if case .choice(let words) = row.kind { #expect(object["choices"] as? [String] == words) }
    }
  }

  @Test("The example names every setting once, says what is missing, and loads once that is filled in")
  func example() throws {
    let directory = try TemporaryDirectory()
    let example = try run("example").output
    #expect(example.split(separator: "\n").allSatisfy { $0.count <= 140 })
    for row in SettingTable.all {
      let count = example.split(separator: "\n").count { $0 == "\(row.name)=" || $0.hasPrefix("#\(row.name)=") }
      #expect(count == 1, "\(row.name)")
    }
    let empty = try directory.write("empty.properties", example)
    let problems = SettingsLoader(configFile: empty).survey(for: .worker).problems
    let required = SettingTable.all.filter { $0.presence == .required }.map(\.name)
    #expect(problems.map(\.subject) == required && problems.allSatisfy { $0.fault.reason == "is empty" })

    let credential = try directory.write("credential", "c4nary\n")
    let filled = example.replacing("\nkafka.bootstrap.servers=\n", with: "\nkafka.bootstrap.servers=localhost:9092\n")
      .replacing("\nadapter.url=\n", with: "\nadapter.url=https://adapter.example\n")
      .replacing("\nadapter.credential.file=\n", with: "\nadapter.credential.file=\(credential)\n")
    let plain = try SettingsLoader(configFile: directory.write("plain.properties", filled)).load(for: .worker)
    #expect(plain.adapter.url.description == "https://adapter.example")

    // The defaults that it shows are the defaults.
    let uncommented = SettingTable.all.reduce(filled) { text, row in
      if case .preset(let value) = row.presence {
        text.replacing("\n#\(row.name)=\(value)\n", with: "\n\(row.name)=\(value)\n")
      } else {
        text
      }
    }
    let survey = try SettingsLoader(configFile: directory.write("all.properties", uncommented)).survey(for: .worker)
    #expect(survey.problems.isEmpty)
    let presets = SettingTable.all.count { if case .preset = $0.presence { true } else { false } }
    #expect(survey.effective.count { $0.origin != .preset } == presets + required.count)
  }
}
