import Foundation
import LinkCore
import LinkTestSupport
import Testing

@testable import LinkCommands

@Suite("linkworker sandbox", .timeLimit(.minutes(10)))
struct SandboxCommandTests {
  private static let names = [
    "success", "recovers", "rejected", "malformed", "unreadable", "duplicate", "conflict", "moved",
  ]

  /// The verdict on a sample in the table.
  private func verdict(_ sample: String, in output: String) -> Substring? {
    let rows = output.split(separator: "\n").filter { $0.hasPrefix("  \(sample) ") }
    return rows.compactMap { $0.split(separator: " ").last }.last { ["yes", "NO"].contains($0) }
  }

  @Test(
    "runs every sample to its expected end and leaves nothing behind, or says which ended otherwise"
  )
  func once() throws {
    let directory = try TemporaryDirectory()
    let environment = ["TMPDIR": directory.path]
    // Each waits most of its time for its group.
    let usual = try Program.Running(["sandbox", "--once"], environment)
    let other = try Program.Running(["sandbox", "--once", "--reject", "42=Account is blocked"], environment)
    try check(usual.end())
    checkOther(other.end())
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
  }

  private func check(_ outcome: Program.Outcome) throws {
    #expect(outcome.code == 0)
    #expect(outcome.errors.isEmpty)
    #expect(Self.names == Sample.all(partitionCount: 4).map(\.name))
    for name in Self.names { #expect(verdict(name, in: outcome.output) == "yes", "\(name)") }
    #expect(outcome.output.contains("committed: a token (verified: user 42, accounts 7) after 1 call, "))
    let steps = [
      "user 43 asks for all accounts (partition ", "received by the worker", "calls the adapter, attempt 1",
      "the adapter answers 503 after ", "waits ", "calls the adapter, attempt 3", "journaled, before it is published",
      "committed: a token (verified: user 43, all accounts) after 3 calls, ",
    ]
    var rest = outcome.output.split(separator: "\n").filter { $0.contains(#/ s  recovers +/#) }[...]
    for step in steps {
      let index = rest.firstIndex { $0.contains(" \(step)") }
      #expect(index != nil, "\(step)")
      rest = rest[(index ?? rest.startIndex)...].dropFirst()
    }
    #expect(outcome.output.contains("  links               4: 3 with a token, 1 failed (adapter_rejected 1)\n"))
    #expect(outcome.output.contains("  calls               6, 1.5 a link\n"))
    #expect(outcome.output.contains(#/request to outcome  p50 [0-9.]+ m?s, p99 [0-9.]+ m?s, of 6\n/#))
    #expect(outcome.output.contains("All 8 samples ended as expected.\n"))
    #expect(outcome.output.contains("This broker is in memory"))
    #expect(outcome.output.contains("at most 5 MiB a partition"))
    #expect(outcome.output.contains("run, topics\nand config check --connect need --kafka-home."))
    #expect(outcome.output.contains("gives no\ntransaction isolation"))
    #expect(!outcome.output.contains("\u{1B}"))
    #expect(!outcome.output.contains(/eyJhbG/))
  }

  private func checkOther(_ outcome: Program.Outcome) {
    #expect(outcome.code == 1)
    #expect(outcome.errors.isEmpty)
    #expect(outcome.output.contains(#/failed: adapter_rejected, .*: Account is blocked\n/#))
    #expect(outcome.output.contains("1 of 8 samples did not end as expected: success.\n"))
    for name in Self.names {
      #expect(verdict(name, in: outcome.output) == (name == "success" ? "NO" : "yes"), "\(name)")
    }
  }

  @Test("stays up for requests of others, by commands that work as printed, shows no secret, and ends with 0 on SIGINT")
  func staying() throws {
    let directory = try TemporaryDirectory()
    let program = try Program.Running(["sandbox", "--verbose"], ["TMPDIR": directory.path])
    var output = program.read(until: "curl -X PUT -d off ")
    #expect(output.contains("All 8 samples ended as expected.\n"))
    let own = try #require(try FileManager.default.contentsOfDirectory(atPath: directory.path).first)
    let credential = try String(contentsOfFile: "\(directory.path)/\(own)/credential", encoding: .utf8)
    #expect(credential.count == 32)
    for file in ["credential", "worker.properties"] {
      let attributes = try FileManager.default.attributesOfItem(atPath: "\(directory.path)/\(own)/\(file)")
      #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    let commands = output.split(separator: "\n").filter { $0.contains("kcat ") }.map(String.init)
    try #require(commands.count == 3)
    #expect(try shell(commands[0]).isEmpty)
    output += program.read(until: "(verified: user 1002, all accounts) after 1 call")
    #expect(output.contains("  mine-1      calls the adapter, attempt 1\n"))
    #expect(try shell(commands[1]).split(separator: "\n").count { $0.contains("token-ready.v1") } == 4)
    #expect(try shell(commands[2]).contains("__connect.errors.exception.class.name=not_json"))
    // Any command of the program finds the same Kafka by the file.
    let settings = try SettingsLoader(configFile: "\(directory.path)/\(own)/worker.properties").load(for: .worker)
    let bootstrap = try #require(output.firstMatch(of: #/broker +(127\.0\.0\.1:[0-9]+) /#)?.1)
    #expect(settings.kafka.bootstrapServers == String(bootstrap))
    #expect(try settings.adapter.credentialFile.read() == Secret(Array(credential.utf8)))

    program.interrupt()
    let end = program.end()
    #expect(end.code == 0)
    #expect(end.output.contains("  requests            9\n"))
    #expect(end.output.hasSuffix("All 8 samples ended as expected.\n"))
    let everything = output + end.output + end.errors
    #expect(end.errors.contains(" worker.stopped: All that was in flight is settled."))
    #expect(!everything.contains(credential))
    #expect(!everything.contains(/eyJhbG/))
    #expect(!everything.contains("\u{1B}"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
  }

  @Test("leaves nothing behind even after SIGKILL")
  func killed() throws {
    let directory = try Scratch()
    let program = try RunningProgram([RunningProgram.linkworker, "sandbox"], environment: ["TMPDIR": directory.path])
    func files() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: directory.path) }
    try awaiting("The sandbox's directory", state: { program.tail }) {
      try files().contains { access("\(directory.path)/\($0)/worker.properties", F_OK) == 0 }
    }
    program.kill()
    try awaiting("Its removal") { try files().isEmpty }
  }

  @Test(
    "refuses command lines that contradict themselves",
    arguments: [
      (["--kafka", "a:1", "--kafka-home", "b"], "--kafka: is given, and so is --kafka-home"),
      (["--kafka", "a b"], "--kafka: \"a b\" is no list of brokers"),
      (["--config", "f"], "--config: goes with --kafka alone"),
      (["-X", "kafka.security.protocol=SSL"], "-X kafka.security.protocol: goes with --kafka alone"),
      (["-X", "topics.requests=r"], "-X topics.requests: is the sandbox's own setting"),
    ])
  func contradictions(arguments: [String], reason: String) throws {
    let outcome = try Program.Running(["sandbox"] + arguments).end()
    #expect(outcome.code == 64 && outcome.output.isEmpty)
    #expect(outcome.errors.contains(reason))
  }

  @Test("says what is missing to start or to use a Kafka")
  func obstacles() throws {
    let directory = try TemporaryDirectory()
    func run(_ arguments: String...) throws -> Program.Outcome {
      try Program.Running(["sandbox", "--once"] + arguments, ["TMPDIR": directory.path]).end()
    }
    let missing = try run("--kafka-home", "/nowhere")
    #expect(missing.code == 66 && missing.errors.contains("--kafka-home: \"/nowhere\" is no directory"))
    let empty = try run("--kafka-home", "/usr")
    #expect(empty.code == 66 && empty.errors.contains("has no libs/ with Kafka's jars"))
    let home = directory.path + "/kafka/libs"
    try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
    try Data().write(to: URL(fileURLWithPath: home + "/kafka-clients-4.0.0.jar"))
    let javaless = try run("--kafka-home", directory.path + "/kafka")
    #expect(javaless.code == 69 && javaless.errors.contains("there is no java to run Kafka with"))
    let plain = try run("--kafka", "kafka.example.com:9092")
    #expect(plain.code == 78 && plain.errors.contains("tokens in plain text"))
    #expect(plain.errors.contains("setting: --kafka: ") && !plain.errors.contains("(-X)"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["kafka"])
  }

  private func shell(_ command: String) throws -> String {
    let outcome = try RunningProgram.run(["/bin/sh", "-c", command])
    #expect(outcome.code == 0, "\(command): \(outcome.errorText)")
    return outcome.outputText
  }
}
