import Glibc
import LinkCore
import LinkTestSupport
import Testing

/// A command line that the help shows as an example, as the built binary tells it.
struct Example: Sendable, CustomTestStringConvertible {
  /// The command that shows it.
  var command: String
  /// As it is to be typed.
  var line: String
  /// What it writes once it is up, where its command runs until a signal.
  var readyText: String?

  var testDescription: String { line }

  /// Whether it needs a broker: by the settings of the folder, or by what the environment says of Kafka.
  var needsKafka: Bool { line.contains("worker.properties") || line.contains("$KAFKA") }

  /// Whether it asks a worker that runs already, or what one has decided.
  var needsWorker: Bool { command == "probe" || command == "links show" }

  /// Options by which a command that else runs until a signal ends by itself: `sandbox --once` after one round.
  private static let endingOptions = ["--once"]

  /// All examples of all commands. The command that makes the topics comes first: others work on them.
  static func all() throws -> [Example] {
    let outcome = try RunningProgram.run([RunningProgram.linkworker, "help", "--json"])
    guard outcome.code == 0 else { throw Missing("The commands: \(outcome.errorText)") }
    let examples = try outcome.output.split(separator: UInt8(ascii: "\n")).flatMap { line -> [Example] in
      let command = try JSONValue(parsing: Array(line))
      guard let name = command["name"]?.text?.string, let lines = command["examples"]?.children else {
        throw Missing("A command's name and examples in \(String(decoding: line, as: UTF8.self))")
      }
      return lines.compactMap(\.text?.string).map {
        Example(command: name, line: $0, readyText: command["readyText"]?.text?.string)
      }
    }
    return examples.filter { $0.command == "topics create" } + examples.filter { $0.command != "topics create" }
  }

  /// Types it into a shell in `folder`; asks it to end by SIGTERM once it is up, where it runs until then.
  func run(in folder: Scratch, environment: [String: String] = [:]) throws -> RunningProgram.Outcome {
    let linkworker = try RunningProgram.linkworker
    let directory = linkworker.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }
    let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
    // Where the trap is a command, a shell waits for what it runs, and ends as that does.
    let program = try RunningProgram(
      ["/bin/sh", "-c", "cd \"$0\" && exec /bin/sh -c \"$1\"", folder.path, "trap : TERM\n" + line],
      environment: environment.merging(["PATH": "\(directory):\(path)"]) { $1 })
    // What the shell has started, and did not end in time, ends with it.
    defer { kill(-program.id, SIGKILL) }
    guard let readyText, !Self.endingOptions.contains(where: { line.split(separator: " ").contains(Substring($0)) })
    else { return try program.end() }
    try awaiting("\"\(readyText)\" of \(line)", state: { program.tail }) {
      let written = String(decoding: program.output + program.errors, as: UTF8.self)
      return written.contains(readyText) || !program.isRunning
    }
    // One that has ended before it was up says why.
    if program.isRunning { kill(-program.id, SIGTERM) }
    return try program.end()
  }
}
