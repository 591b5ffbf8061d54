import Foundation
import LinkCore
import LinkTestSupport

/// The files of `deploy/`, as they stand in the repository.
enum DeployFiles {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("deploy")

  /// The lines of a file that are neither empty nor comments, those that end in a backslash joined.
  static func lines(_ name: String) throws -> [String] {
    try text(name).replacingOccurrences(of: "\\\n", with: "").components(separatedBy: "\n")
      .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
  }

  /// The whole of a file.
  static func text(_ name: String) throws -> String {
    try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
  }

  /// The assignments of a file of properties or of a unit's section, in their order.
  static func assignments(_ name: String) throws -> [(name: String, value: String)] {
    try lines(name).compactMap(Self.assignment)
  }

  /// `NAME=VALUE`, or nil.
  static func assignment(_ line: String) -> (name: String, value: String)? {
    line.firstIndex(of: "=").map { (String(line[..<$0]), String(line[line.index(after: $0)...])) }
  }

  /// A YAML file, by a reader that shares nothing with this project.
  static func yaml(_ name: String) throws -> JSONValue {
    let path = folder.appendingPathComponent(name).path
    let program = "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1], encoding='utf-8')), sys.stdout)"
    let outcome = try RunningProgram.run(["/usr/bin/python3", "-c", program, path])
    guard outcome.code == 0 else { throw Missing("\(name): \(outcome.errorText)") }
    return try JSONValue(parsing: outcome.output)
  }
}

extension JSONValue {
  /// The texts of a list.
  var texts: [String] { children.compactMap(\.text?.string) }

  /// The texts of an object by their names.
  var textsByName: [String: String] {
    Dictionary(children.compactMap { child in child.text.map { (child.name.string, $0.string) } }) { $1 }
  }
}
