import Foundation
import LinkCore
import LinkTestSupport
import Testing

/// The built `linkworker validate` beside an independent JSON Schema validator on `schemas/`.
@Suite("linkworker validate and the schemas", .serialized)
struct ValidatorAgreementTests {
  @Test("agree on each of 21 000 documents, valid and spoilt, but for the differences that are written down")
  func agreement() throws {
    var generator = DocumentGenerator(seed: 4)
    let documents = (0..<21_000).map { _ in generator.next() }
    let verdicts = try judge(documents)
    let differences = try Difference.all()
    let comparison = Comparison(verdicts, differences)
    for verdict in comparison.unexplained {
      Issue.record(
        """
        the worker says \(verdict.isTaken ? "valid" : "invalid (\(verdict.code): \(verdict.sentence))"), the schema \
        \(verdict.isSchemaValid ? "valid" : "invalid"): \(String(decoding: verdict.document.prefix(600), as: UTF8.self))
        """)
    }
    let seen = comparison.seen
    // Both judges must have had something to agree on, and no entry of the list may be idle.
    #expect(verdicts.count(where: \.isTaken) > 4_000)
    #expect(verdicts.count(where: { !$0.isTaken }) > 10_000)
    #expect(Set(seen.keys) == Set(differences.map(\.name)), "\(seen)")
    let codes = Set(verdicts.map(\.code))
    #expect(codes.isSuperset(of: ["not_utf8", "not_json", "not_cloudevent", "unknown_type", "invalid_data"]))
  }

  @Test(
    "would be told apart by a schema that has lost the type or a bound of its integers",
    arguments: [
      ["type", "minimum", "maximum"], ["minimum"], ["maximum"],
    ])
  func mutants(lost: [String]) throws {
    let scratch = try Scratch()
    let manager = FileManager.default
    for folder in ["schemas", "scripts"] {
      try manager.copyItem(atPath: Difference.root.appendingPathComponent(folder).path, toPath: scratch[folder])
    }
    let file = URL(fileURLWithPath: scratch["schemas/common.schema.json"])
    var schema = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    var definitions = try #require(schema["$defs"] as? [String: Any])
    var integer = try #require(definitions["int64"] as? [String: Any])
    for keyword in lost { #expect(integer.removeValue(forKey: keyword) != nil) }
    definitions["int64"] = integer
    schema["$defs"] = definitions
    try JSONSerialization.data(withJSONObject: schema).write(to: file)
    var generator = DocumentGenerator(seed: 4)
    let documents = (0..<2_000).map { _ in generator.next() }
    let script = scratch["scripts/check-schemas"]
    let comparison = Comparison(try judge(documents, script: script), try Difference.all())
    #expect(comparison.unexplained.contains { !$0.isTaken && $0.isSchemaValid && $0.code == "invalid_data" })
  }

  @Test("differ where the list says so: each entry's example is refused by the worker and taken by the schema")
  func differences() throws {
    let differences = try Difference.all()
    #expect((1...10).contains(differences.count))
    #expect(differences.allSatisfy { !$0.reason.isEmpty })
    let verdicts = try judge(try differences.map { try $0.document() })
    for (difference, verdict) in zip(differences, verdicts) {
      #expect(!verdict.isTaken && verdict.isSchemaValid, "\(difference.name)")
      #expect(difference.explains(verdict), "\(difference.name): \(verdict.code): \(verdict.sentence)")
    }
  }

  /// What both say of documents without line feeds.
  private func judge(
    _ documents: [[UInt8]], script: String = Difference.root.appendingPathComponent("scripts/check-schemas").path
  ) throws -> [Verdict] {
    let scratch = try Scratch()
    let file = try scratch.write("documents.ndjson", Array(documents.joined(separator: [0x0A])) + [0x0A])
    let own = try RunningProgram.run([try RunningProgram.linkworker, "validate", "--json", file], within: 120)
    #expect(own.code == 65)
    let other = try RunningProgram.run(["sh", "-c", "exec '\(script)' verdicts < '\(file)'"], within: 120)
    #expect(other.code == 0, "\(other.errorText)")
    let lines = own.output.split(separator: 0x0A)
    let words = other.outputText.split(separator: "\n")
    try #require(lines.count == documents.count && words.count == documents.count)
    return try zip(documents, zip(lines, words)).map { document, said in
      let (line, word) = said
      let json = try JSONValue(parsing: Array(line))
      return Verdict(
        isTaken: json["valid"]?.boolean == true, isSchemaValid: word == "valid",
        code: json["code"]?.text?.string ?? "", sentence: json["reason"]?.text?.string ?? "",
        pointer: json["pointer"]?.text?.string ?? "", document: document)
    }
  }
}

/// What the two say of one document.
private struct Verdict {
  var isTaken: Bool
  var isSchemaValid: Bool
  var code: String
  var sentence: String
  /// What the worker points at; empty for the document itself.
  var pointer: String
  var document: [UInt8]

  /// The value there as it is written; nil where it cannot be read.
  var token: String? {
    var value = try? JSONValue(parsing: document, rootLevel: 0)
    for step in pointer.split(separator: "/") {
      value = value.flatMap { $0.children.first { $0.pointer.hasSuffix("/\(step)") } }
    }
    return value.map { String(decoding: $0.written, as: UTF8.self) }
  }
}

/// Where the two differ, and by which entry of the list.
private struct Comparison {
  var seen: [String: Int] = [:]
  var unexplained: [Verdict] = []

  init(_ verdicts: [Verdict], _ differences: [Difference]) {
    for verdict in verdicts where verdict.isTaken != verdict.isSchemaValid {
      if !verdict.isTaken, let difference = differences.first(where: { $0.explains(verdict) }) {
        seen[difference.name, default: 0] += 1
      } else {
        unexplained.append(verdict)
      }
    }
  }
}

/// An entry of `schemas/validator-differences.json`: what the worker refuses and a schema cannot see.
private struct Difference: Decodable {
  var name: String
  var code: String
  var sentence: String
  var example: String
  var reason: String

  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  static func all() throws -> [Difference] {
    let file = root.appendingPathComponent("schemas/validator-differences.json")
    return try JSONDecoder().decode([Difference].self, from: Data(contentsOf: file))
  }

  func explains(_ verdict: Verdict) -> Bool {
    guard verdict.code == code, verdict.sentence.contains(sentence) else { return false }
    // The worker has one sentence for all that can be wrong with an integer; only how it is written is hidden from a schema.
    guard name == "integer-as-written" else { return true }
    return verdict.token?.contains { ".eE".contains($0) } == true
  }

  /// The example on one line: between values a blank is as good as a line feed.
  func document() throws -> [UInt8] {
    let file = Self.root.appendingPathComponent("schemas/examples").appendingPathComponent(example)
    return [UInt8](try Data(contentsOf: file)).map { $0 == 0x0A ? 0x20 : $0 }
  }
}
