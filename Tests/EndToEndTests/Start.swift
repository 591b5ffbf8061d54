import LinkCore
import LinkTestSupport
import Testing

/// A start of `linkworker run` that has to fail: the settings and files of a good one, which a test spoils, and what a person is shown.
struct Start {
  /// Where its files are.
  let scratch: Scratch
  /// Settings of a start that would succeed, were there a Kafka.
  private let good: [String: String]

  /// Secrets that stand in the files and settings of these starts.
  static let secrets = ["canary-credential-4711", "canary-password-4711"]

  init(bootstrap: String = "127.0.0.1:1", settings: [String: String] = [:]) throws {
    scratch = try Scratch()
    try scratch.write("credential", Self.secrets[0] + "\n")
    good = [
      "kafka.bootstrap.servers": bootstrap, "adapter.url": "http://127.0.0.1:1",
      "adapter.credential.file": scratch["credential"], "store.directory": scratch["store"], "admin.listen": "none",
    ].merging(settings) { $1 }
  }

  /// Starts the worker and waits for its end.
  func run(_ settings: [String: String] = [:]) throws -> RunningProgram.Outcome {
    try begin(settings).end()
  }

  /// Starts the worker, with `~` in the settings for the scratch directory; an empty setting is left out.
  func begin(_ settings: [String: String] = [:]) throws -> RunningProgram {
    let all = good.merging(settings) { $1 }.filter { !$1.isEmpty }.sorted { $0.key < $1.key }
    let lines = all.map { "\($0.key)=\($0.value.replacing("~", with: scratch.path))\n" }
    try scratch.write("worker.properties", lines.joined())
    return try RunningProgram([RunningProgram.linkworker, "run", "--config", scratch["worker.properties"]])
  }
}

extension RunningProgram.Outcome {
  /// The lines of standard error that are for a person; the others are the log.
  var personLines: [String] { errorText.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("{") } }

  /// Expects one line for each of these problems, in this order, with all of its words in it and with what to try, the log aside.
  func expectFailure(_ code: Int32, _ problems: [[String]], _ source: SourceLocation = #_sourceLocation) {
    #expect(self.code == code, "\(errorText)", sourceLocation: source)
    #expect(outputText.isEmpty, sourceLocation: source)
    let lines = personLines
    #expect(lines.count == problems.count, "\(errorText)", sourceLocation: source)
    for (line, words) in zip(lines, problems) {
      for word in words { #expect(line.contains(word), sourceLocation: source) }
      #expect(line.hasPrefix("linkworker: ") && line.contains(" Try: "), "\(line)", sourceLocation: source)
    }
    expectQuietLog(source)
  }

  /// Expects that the log says nothing of what the lines say, and nothing anywhere of a secret.
  private func expectQuietLog(_ source: SourceLocation) {
    for line in errors.split(separator: UInt8(ascii: "\n")) where line.first == UInt8(ascii: "{") {
      let entry = try? JSONValue(parsing: Array(line))
      #expect(entry?["event"]?.text != nil && entry?["level"]?.text != "error", sourceLocation: source)
    }
    for secret in Start.secrets { #expect(!errorText.contains(secret), sourceLocation: source) }
  }
}
