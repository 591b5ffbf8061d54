import Glibc
import LinkTestSupport
import Testing

@testable import LinkCommands

@Suite("Results that cannot be written")
struct OutputLossTests {
  /// Command lines that end with 0, and need neither Kafka nor the network; `$REQUESTS` is a file that is valid.
  private static let commands = [
    "--help", "--version", "help", "help run", "help --json", "help settings", "help metrics", "man", "completion bash",
    "completion zsh", "__complete v", "config list", "config list --json", "config example",
    "config check --config $SETTINGS", "config check --json --config $SETTINGS", "validate $REQUESTS",
    "validate --json $REQUESTS", "simulate --seeds 1..1", "simulate --replay 1 --json",
  ]

  @Test("end a command that would have ended with 0 with 73, and one line says why", arguments: commands)
  func fullDevice(command: String) throws {
    let lost = try run(command, output: "/dev/full")
    #expect(lost.code == 73, "\(lost.errorText)")
    let lines = lost.errorText.split(separator: "\n").filter { $0.hasPrefix("linkworker: ") }
    #expect(
      lines == ["linkworker: standard output: No space left on device. Try: make room, or write to another place"],
      "\(lost.errorText)")
    let whole = try run(command, output: "/dev/null")
    #expect(whole.code == 0 && !whole.errorText.contains("standard output"), "\(whole.errorText)")
  }

  @Test("leave the exit code of another failure as it is, and are told besides")
  func otherFailure() throws {
    let outcome = try run("validate --json $SETTINGS", output: "/dev/full")
    #expect(outcome.code == 65 && outcome.errorText.contains("standard output: No space left on device"))
  }

  @Test("are none where the reader has gone away, as head does")
  func reader() throws {
    for command in ["man", "help --json", "validate --json $REQUESTS"] {
      // The reading end is closed before the command begins.
      let outcome = try run(command, output: "&3", after: "exec 3> >(exec true); wait $!;")
      #expect(outcome.code == 0 && !outcome.errorText.contains("standard output"), "\(outcome.errorText)")
    }
  }

  @Test("are remembered with their first reason, whichever copy of the console wrote them, and however")
  func copies() throws {
    let full = open("/dev/full", O_WRONLY)
    defer { close(full) }
    let console = Console(output: full)
    #expect(console.loss.failure == nil)
    var output = LineOutput(console)
    output.print("line")
    #expect(console.loss.failure == nil)
    output.flush()
    console.loss.note(EIO)
    let failure = try #require(console.loss.failure)
    #expect(failure.exitCode == .cantCreate)
    #expect(failure.lines.map(\.reason) == ["No space left on device"])

    for write: (Console) -> Void in [
      { $0.print("line") }, { $0.write("text") }, { $0.write(Array("bytes".utf8), to: full) },
    ] {
      let console = Console(output: full)
      write(console)
      #expect(console.loss.failure != nil)
    }
    let other = Console(output: STDOUT_FILENO, errors: full)
    #expect(other.write(Array("line".utf8), to: full) == ENOSPC)
    other.loss.note(EPIPE)
    #expect(other.loss.failure == nil)
  }

  private func run(_ command: String, output: String, after preparation: String = "") throws -> RunningProgram.Outcome {
    let folder = try Scratch()
    let requests = try folder.write(
      "requests.ndjson", RequestEvent(id: "r1", userID: 1, idempotencyKey: "k", accounts: [7]).structured + "\n")
    let settings = try folder.write(
      "worker.properties",
      """
      kafka.bootstrap.servers=127.0.0.1:1
      kafka.group.id=g
      adapter.url=http://127.0.0.1:1
      adapter.credential.file=\(try folder.write("credential", "made-up\n"))
      store.directory=\(folder.path)/store

      """)
    return try RunningProgram.run(
      ["bash", "-c", "\(preparation) exec '\(try RunningProgram.linkworker)' \(command) >\(output)"],
      environment: ["REQUESTS": requests, "SETTINGS": settings])
  }
}
