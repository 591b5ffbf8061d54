import Foundation
import LinkCore
import LinkKafka
import Testing

@testable import LinkCommands

@Suite("linkworker sandbox", .timeLimit(.minutes(2)))
struct SandboxCommandTests {
  private static let names = [
    "success", "recovers", "rejected", "malformed", "unreadable", "duplicate", "conflict", "moved",
  ]

  /// The verdict on a sample in the table.
  private func verdict(_ sample: String, in output: String) -> Substring? {
    let rows = output.split(separator: "\n").filter { $0.hasPrefix("  \(sample) ") }
    return rows.last.flatMap { $0.split(separator: " ").last }
  }

  @Test("runs every sample to its expected end and leaves nothing behind")
  func once() throws {
    let directory = try TemporaryDirectory()
    let outcome = try Program.run("sandbox", "--once", environment: ["TMPDIR": directory.path])
    #expect(outcome.code == 0)
    #expect(outcome.errors.isEmpty)
    #expect(Self.names == Sample.all(partitionCount: 4).map(\.name))
    for name in Self.names { #expect(verdict(name, in: outcome.output) == "yes", "\(name)") }
    #expect(outcome.output.contains("token eyJhbG… (verified: user 42, accounts 7) after 1 call\n"))
    #expect(outcome.output.contains("All 8 samples ended as expected.\n"))
    #expect(outcome.output.contains("keeps everything in memory"))
    #expect(outcome.output.contains("no\ntransaction isolation"))
    #expect(!outcome.output.contains("\u{1B}"))
    #expect(!outcome.output.contains(/eyJhbG[A-Za-z0-9]/))
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
  }

  @Test("ends with 1 and names the sample that ended otherwise")
  func otherwise() throws {
    let outcome = try Program.run("sandbox", "--once", "--reject", "42=Account is blocked")
    #expect(outcome.code == 1)
    #expect(outcome.errors.isEmpty)
    #expect(outcome.output.contains("failed: adapter_rejected: Account is blocked\n"))
    #expect(outcome.output.contains("1 of 8 samples did not end as expected: success.\n"))
    for name in Self.names {
      #expect(verdict(name, in: outcome.output) == (name == "success" ? "NO" : "yes"), "\(name)")
    }
  }

  @Test("stays up for requests of others, shows no secret, and ends with 0 on SIGINT")
  func staying() throws {
    let directory = try TemporaryDirectory()
    let program = try Program.Running(["sandbox", "--verbose"], ["TMPDIR": directory.path])
    var output = program.read(until: "until Ctrl-C")
    #expect(output.contains("All 8 samples ended as expected.\n"))
    let own = try #require(try FileManager.default.contentsOfDirectory(atPath: directory.path).first)
    let credential = try String(contentsOfFile: "\(directory.path)/\(own)/credential", encoding: .utf8)
    #expect(credential.count == 32)

    let bootstrap = try #require(output.firstMatch(of: #/broker +(127\.0\.0\.1:[0-9]+) /#)?.1)
    let value = Sample.event("mine", source: "/me", userId: 1001, .some([5, 6]))
    try KafkaWriter(
      properties: KafkaProperties(["bootstrap.servers": String(bootstrap)]),
      topics: [.requests: "link-account.requests"]
    )
    .write([OutgoingRecord(topic: .requests, key: Array("1001".utf8), value: value)])
    output += program.read(until: "(verified: user 1001, accounts 5, 6) after 1 call\n")
    #expect(output.contains("your mine"))

    program.interrupt()
    let end = program.end()
    #expect(end.code == 0)
    let everything = output + end.output + end.errors
    #expect(end.errors.contains(" worker.stopped: All that was in flight is settled."))
    #expect(!everything.contains(credential))
    #expect(!everything.contains(/eyJhbG[A-Za-z0-9]/))
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
  }
}
