import Foundation
import LinkCore
import Testing

@Suite("The examples of the schemas")
struct SchemaExampleTests {
  private static let types = ["link-account.requested.v1", "link-account.replay-requested.v1"]

  @Test("Valid examples are taken", arguments: types)
  func takesValidExamples(type: String) throws {
    for (name, bytes) in try examples("\(type)/valid") {
      let reading = RequestReader().read(Sample.record(bytes))
      switch reading {
      case .link(let request): #expect(type == "link-account.requested.v1", "\(name): \(request)")
      case .replay(let request): #expect(type == "link-account.replay-requested.v1", "\(name): \(request)")
      case .malformed, .unknownType, .empty: Issue.record("\(name): \(reading)")
      }
    }
  }

  @Test("Invalid examples are refused, also those that a schema cannot refuse", arguments: types)
  func refusesInvalidExamples(type: String) throws {
    for folder in ["invalid", "invalid-beyond-schema"] {
      for (name, bytes) in try examples("\(type)/\(folder)") {
        let reading = RequestReader().read(Sample.record(bytes))
        guard case .malformed(let fault, _) = reading else {
          Issue.record("\(folder)/\(name): \(reading)")
          continue
        }
        #expect(!fault.sentence.isEmpty)
      }
    }
  }

  @Test("Valid state records are read, and written with the same bytes but for white space")
  func readsStateRecords() throws {
    for (name, bytes) in try examples("link-account.state.v1/valid") {
      let value = try JSONValue(parsing: bytes)
      let key: StateKey =
        switch value["kind"]?.text {
        case "link":
          .link(
            LinkKey(
              userId: try #require(value["userId"]?.integer),
              idempotencyKey: try #require(value["idempotencyKey"]?.text)))
        case "mark": .mark(partition: try partition(value), offset: try #require(value["offset"]?.integer))
        default: .identity(partition: try partition(value))
        }
      let record = try StateRecord.decode(key: key.encoded(), value: bytes)
      let (writtenKey, written) = record.encoded()
      #expect(try StateRecord.decode(key: writtenKey, value: written) == record, "\(name)")
      let names = try JSONValue(parsing: written ?? []).children.map(\.name).sorted()
      #expect(names == value.children.map(\.name).sorted(), "\(name)")
    }
  }

  private func partition(_ value: JSONValue) throws -> Int32 {
    try #require(value["partition"]?.integer.flatMap { Int32(exactly: $0) })
  }

  /// The files of a folder of examples; none is a failure, for nothing would be proved.
  private func examples(_ folder: String) throws -> [(name: String, bytes: [UInt8])] {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
      .deletingLastPathComponent()
    let path = root.appendingPathComponent("schemas/examples/\(folder)")
    let files = try FileManager.default.contentsOfDirectory(at: path, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "json" }.sorted { $0.lastPathComponent < $1.lastPathComponent }
    try #require(!files.isEmpty, "\(path.path) has no examples")
    return try files.map { ($0.lastPathComponent, [UInt8](try Data(contentsOf: $0))) }
  }
}
