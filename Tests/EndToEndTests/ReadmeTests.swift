import Foundation
import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension EndToEnd {
  @Suite struct ReadmeTests {
    @Test("The README's requests, written by its own commands, have the outcome that it shows, read by its own command")
    func readme() throws {
      let emulator = try AdapterEmulator(forDeploymentWith: { _ in })
      defer { emulator.stop() }
      let deployment = try Deployment(kafka: TestKafka.shared, adapterURL: emulator.baseURL)
      let worker = try deployment.startWorker()
      let readme = try Readme(deployment)
      try readme.write("request.json", readme.request)
      try readme.run(readme.commands[0])
      // The binary mode of the same event is a duplicate; with another key it is another link.
      try readme.write("data.json", readme.data)
      try readme.run(readme.commands[1])
      try readme.write("data.json", readme.data.replacing("tv-9b1d", with: "tv-binary"))
      try readme.run(readme.commands[1])
      try deployment.awaitOutcomes(2, worker: worker)
      try deployment.awaitNoLag(worker: worker)
      #expect(try worker.stop().code == 0)

      let lines = try readme.run(readme.commands[2] + " -e -q").split(separator: "\n")
      let events = try lines.map { try JSONValue(parsing: Array($0.utf8), rootLevel: 0) }
      #expect(Set(events.compactMap { $0["data"]?["idempotencyKey"]?.text }) == ["tv-9b1d", "tv-binary"])
      #expect(events.count == 2 && emulator.stats.calls == 2)
      let shown = try JSONValue(parsing: Array(readme.tokenReady.utf8), rootLevel: 0)
      for event in events {
        #expect(event.names == shown.names && event["data"]?.names == shown["data"]?.names)
        #expect(event["type"]?.text == shown["type"]?.text)
        #expect(event["data"]?["context"]?.written == Array(#"{ "state": "xyz", "locale": "de" }"#.utf8))
      }
    }
  }
}

/// What the README shows, made to fit a test: its topics, its broker, and a deadline that is not over.
private struct Readme {
  let request: String
  let data: String
  let tokenReady: String
  let commands: [String]
  private let deployment: Deployment

  init(_ deployment: Deployment) throws {
    self.deployment = deployment
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
    let soon = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000) + 120_000).rfc3339
    let events = Self.blocks(of: "json", in: text)
    request = (events.first { $0.contains("link-account.requested.v1") } ?? "")
      .replacing(/"deadline": "[^"]+"/, with: "\"deadline\": \"\(soon)\"")
    tokenReady = events.first { $0.contains("link-account.token-ready.v1") } ?? ""
    data =
      try JSONValue(parsing: Array(request.utf8), rootLevel: 0)["data"]
      .map { String(decoding: $0.written, as: UTF8.self) } ?? ""
    commands = Self.blocks(of: "sh", in: text).filter { $0.contains("kcat -") }.map { command in
      command.replacing("localhost:9092", with: deployment.bootstrap)
        .replacing("link-account.requests", with: deployment.topic(.requests))
        .replacing("link-account.outcomes", with: deployment.topic(.outcomes))
        .trimmingCharacters(in: .whitespacesAndNewlines)
    }
    guard commands.count == 3, !tokenReady.isEmpty else {
      throw Missing("The README's two writing and one reading kcat")
    }
  }

  func write(_ name: String, _ text: String) throws { try deployment.scratch.write(name, text) }

  @discardableResult
  func run(_ command: String) throws -> String {
    let outcome = try RunningProgram.run(["sh", "-c", "cd \(deployment.scratch.path) && \(command)"])
    guard outcome.code == 0 else { throw Missing("\(command): \(outcome.errorText)") }
    return outcome.outputText
  }

  private static func blocks(of language: String, in text: String) -> [String] {
    text.components(separatedBy: "```\(language)\n").dropFirst().compactMap {
      $0.components(separatedBy: "\n```").first
    }
  }
}

extension JSONValue {
  fileprivate var names: [Text] { children.map(\.name) }
}
