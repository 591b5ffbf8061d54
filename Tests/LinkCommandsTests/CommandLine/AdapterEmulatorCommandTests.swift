import Foundation
import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

@testable import LinkCommands

@Suite("linkworker adapter-emulator")
struct AdapterEmulatorCommandTests {
  private func call(_ userId: Int, credential: String, port: UInt16) -> String {
    RawHTTP.send(
      [
        "POST /generate/token HTTP/1.1", "Authorization: Bearer \(credential)", "Content-Type: application/json",
        "Accept: application/json",
      ], body: #"{"userId":\#(userId),"brokerNames":["b"]}"#, port: port) ?? ""
  }

  private func start(_ arguments: String...) throws -> (program: Program.Running, greeting: String, port: UInt16) {
    try start(arguments: arguments)
  }

  private func start(
    arguments: [String]
  ) throws -> (program: Program.Running, greeting: String, port: UInt16) {
    let program = try Program.Running(["adapter-emulator", "--port", "0"] + arguments)
    let greeting = program.read(until: "ends it\n")
    let port = try #require(
      greeting.firstMatch(of: /adapter.url=https?:\/\/127.0.0.1:([0-9]+)\n/).flatMap { UInt16($0.1) })
    return (program, greeting, port)
  }

  @Test("treats users as it is told, and ends on SIGTERM with a summary")
  func behaviour() throws {
    let (program, greeting, port) = try start("--fail-first", "1=1", "--fail-first", "2=1:429", "--reject", "3=Not you")
    #expect(greeting.contains("credential: sandbox-credential (none was given)\n"))
    let credential = EmulatorCredential.preset
    #expect(call(1, credential: credential, port: port).hasPrefix("HTTP/1.1 503 "))
    #expect(call(1, credential: credential, port: port).contains(#"{"s":"ok","d":""#))
    let limited = call(2, credential: credential, port: port)
    #expect(limited.hasPrefix("HTTP/1.1 429 ") && limited.contains("\r\nRetry-After: 1\r\n"), "\(limited)")
    #expect(call(3, credential: credential, port: port).contains(#""errmsg":"Not you""#))
    #expect(call(4, credential: "other", port: port).hasPrefix("HTTP/1.1 401 "))
    #expect(RawHTTP.send(["GET /_emulator/stats HTTP/1.1"], port: port)?.contains(#""total":4"#) == true)
    program.terminate()
    let outcome = program.end()
    #expect(outcome.code == 0)
    #expect(outcome.errors.isEmpty)
    #expect(
      outcome.output == """
        calls: 4 of 3 users, tokens: 1
        answers by status: 200 2, 401 1, 429 1, 503 1
        answers by class: ok 1, 5xx 1, 429 1, 401 1, error 1
        at the same time: 1 at most, of one user 1

        """)
  }

  @Test("ends with one failure when what it says cannot be written any more")
  func fullOutput() throws {
    let program = try Program.url.path
    let outcome = try RunningProgram.run(
      ["/bin/sh", "-c", "exec \"$0\" adapter-emulator --port 0 --json >/dev/full", program])
    #expect(outcome.code == 73 && outcome.errorText.split(separator: "\n").count == 1, "\(outcome.errorText)")
    #expect(outcome.errorText.contains("standard output: No space left on device"))
  }

  @Test("tells of each content of the credential's file that is none, and keeps the last good one")
  func badCredentials() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write("credential", "c4nary\n")
    let (program, _, port) = try start("--credential-file", path)
    let kept = "; kept the last good one. Try: "
    for (content, words) in [("c4nary two", "blanks"), ("c4nary three", "blanks"), ("", "empty")] {
      try Data(content.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
      let errors = program.readErrors(until: kept)
      #expect(errors.contains(words + kept) && errors.split(separator: "\n").count == 1 && !errors.contains("c4nary"))
    }
    #expect(call(1, credential: "c4nary", port: port).contains(#"{"s":"ok","d":""#))
    program.terminate()
    #expect(program.end().code == 0)
  }

  @Test("says Retry-After with a user's 429 as it is told", arguments: [("7", "7"), ("date:5", " GMT")])
  func retryAfter(text: String, end: String) throws {
    let (program, _, port) = try start("--fail-first", "1=1:429", "--retry-after", text)
    let answer = call(1, credential: EmulatorCredential.preset, port: port)
    let header = try #require(answer.split(separator: "\r\n").first { $0.hasPrefix("Retry-After: ") }, "\(answer)")
    #expect(header.hasSuffix(end))
    program.terminate()
    #expect(program.end().code == 0)
  }

  @Test("asks for the credential in a file, takes the next one when the file changes, and shows neither anywhere")
  func credentialFile() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write("credential", "c4nary\n")
    let (program, greeting, port) = try start("--credential-file", path, "--verbose")
    #expect(call(1, credential: "c4nary", port: port).contains(#"{"s":"ok","d":""#))
    _ = try directory.write("credential", "next-c4nary\n")
    try awaiting("The next credential") {
      call(1, credential: "next-c4nary", port: port).hasPrefix("HTTP/1.1 200 ")
    }
    #expect(call(1, credential: "c4nary", port: port).hasPrefix("HTTP/1.1 401 "))
    // What is no credential is told once; the last good one stays.
    _ = try directory.write("credential", "two c4nary words\n")
    let complaint = program.readErrors(until: "\n")
    #expect(complaint.contains("--credential-file") && complaint.contains(" Try: "))
    #expect(call(1, credential: "next-c4nary", port: port).hasPrefix("HTTP/1.1 200 "))
    program.terminate()
    let outcome = program.end()
    #expect(outcome.code == 0)
    #expect(outcome.output.contains("  200  ok  user 1  "))
    #expect(!(greeting + complaint + outcome.output + outcome.errors).contains("c4nary"))
  }

  @Test("tells with --json where it listens, each call, and in the last line the summary")
  func json() throws {
    let program = try Program.Running([
      "adapter-emulator", "--port", "0", "--json", "--credential", "c4nary", "--error-rate", "503=0.5,403=50%",
    ])
    let listening = try JSONValue(parsing: Array(program.read(until: "\n").utf8))
    #expect(listening["event"]?.text == "listening")
    let port = try #require(listening["url"]?.text?.string.split(separator: ":").last.flatMap { UInt16($0) })
    var token = ""
    var statuses: [Int64] = []
    for user in 1...12 {
      let answer = call(user, credential: "c4nary", port: port)
      statuses.append(try #require(answer.split(separator: " ").dropFirst().first.flatMap { Int64($0) }))
      if let match = answer.firstMatch(of: /"d":"([^"]+)"/) { token = String(match.1) }
    }
    #expect(Set(statuses) == [200, 403, 503], "of this seed")
    program.terminate()
    let outcome = program.end()
    #expect(outcome.code == 0 && outcome.errors.isEmpty)
    let lines = try outcome.output.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
    #expect(lines.count == 13)
    #expect(lines.prefix(12).map { $0["userId"]?.integer } == (1...12).map { Int64($0) })
    #expect(lines.prefix(12).compactMap { $0["status"]?.integer } == statuses)
    let classes = [200: "ok", 403: "403", 503: "5xx"] as [Int64: String]
    #expect(lines.prefix(12).map { $0["class"]?.text?.string } == statuses.map { classes[$0] })
    for line in lines.prefix(12) {
      #expect(line["event"]?.text == "call" && line["ms"]?.integer != nil)
      #expect(line["time"]?.text.flatMap { Timestamp(rfc3339: $0.utf8) } != nil)
    }
    let summary = try #require(lines.last)
    #expect(summary["event"]?.text == "summary" && summary["total"]?.integer == 12)
    #expect(summary["byClass"]?["5xx"]?.integer == Int64(statuses.count { $0 == 503 }))
    #expect(summary["byClass"]?["ok"]?.integer == summary["tokens"]?.integer)
    #expect(summary["droppedLines"]?.integer == 0)
    #expect(!token.isEmpty && !outcome.output.contains(token) && !outcome.output.contains("c4nary"))
  }

  @Test("begins an outage in its time and ends it, and the control API switches it, rates and credential")
  func switches() throws {
    let (program, _, port) = try start("--outage", "502", "--outage-after", "4", "--outage-for", "4")
    func status() -> Substring? {
      call(1, credential: EmulatorCredential.preset, port: port).split(separator: " ").dropFirst().first
    }
    func put(_ path: String, _ body: String) -> String {
      RawHTTP.send(["PUT /_emulator/\(path) HTTP/1.1"], body: body, port: port) ?? ""
    }
    #expect(status() == "200")
    #expect(program.read(until: "outage: 502\n").contains("outage: 502\n"))
    #expect(status() == "502")
    #expect(program.read(until: "outage: off\n").contains("outage: off\n"))
    #expect(status() == "200")
    #expect(put("outage", "on").hasSuffix("{\"outage\":\"503\"}\n") && status() == "503")
    #expect(put("outage", "off").hasSuffix("{\"outage\":\"off\"}\n"))
    #expect(put("rates", #"{"429":1}"#).hasSuffix("{\"429\":1.0,\"retryAfter\":\"1\"}\n") && status() == "429")
    #expect(put("rates", "{}").hasPrefix("HTTP/1.1 200 ") && status() == "200")
    #expect(put("credential", "other").hasPrefix("HTTP/1.1 200 ") && status() == "401")
    #expect(RawHTTP.send(["GET /_emulator/ HTTP/1.1"], port: port)?.contains("PUT  outage") == true)
    program.terminate()
    #expect(program.end().code == 0)
  }

  @Test("does what the README says: its command runs, each of its curl lines is answered, its table names every class")
  func readme() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
    let section = try #require(
      text.components(separatedBy: "## A stand-in for the adapter\n").last?.components(separatedBy: "\n## ").first)
    let blocks = section.components(separatedBy: "```sh\n").dropFirst().compactMap {
      $0.components(separatedBy: "\n```").first
    }
    try #require(blocks.count == 2)
    let words = blocks[0].split(separator: " ").map(String.init)
    try #require(words.prefix(2) == ["linkworker", "adapter-emulator"])
    let (program, _, port) = try start(arguments: Array(words.dropFirst(2)))
    let lines = blocks[1].split(separator: "\n")
    #expect(lines.count > 3)
    for line in lines {
      let command = line.replacing("127.0.0.1:18080", with: "127.0.0.1:\(port)").replacing("curl", with: "curl -sS -f")
      let outcome = try RunningProgram.run(["sh", "-c", String(command)])
      #expect(outcome.code == 0 && !outcome.output.isEmpty, "\(line): \(outcome.errorText)")
    }
    program.terminate()
    #expect(program.end().code == 0)
    let names = ["5xx", "429", "401", "403", "error", "redirect"] + EmulatorRule.Fault.allCases.map(\.rawValue)
    for name in names { #expect(section.contains("`\(name)`"), "\(name)") }
  }

  @Test("makes a private authority, says how to trust it, and serves over TLS with it")
  func selfSigned() throws {
    let directory = try TemporaryDirectory()
    for _ in 0..<2 {
      let (program, greeting, port) = try start("--tls-self-signed", directory.path + "/tls")
      let ca = try #require(greeting.firstMatch(of: /adapter.ca.file=(.+)\n/)).1
      let page = try RunningProgram.run([
        "curl", "-sS", "--cacert", String(ca), "https://localhost:\(port)/_emulator/outage",
      ])
      #expect(page.code == 0 && page.outputText == "{\"outage\":\"off\"}\n", "\(page.errorText)")
      program.terminate()
      #expect(program.end().code == 0)
    }
    // A certificate with the key of another one.
    let outcome = try Program.run(
      "adapter-emulator", "--port", "0", "--tls-cert", directory.path + "/tls/emulator.pem", "--tls-key",
      directory.path + "/tls/emulator-ca.key")
    #expect(outcome.code == 78 && outcome.errors.contains("does not belong") && outcome.errorLines.count == 1)
    // A key for a certificate, and the other way round.
    for (certificate, key, option) in [
      ("emulator.key", "emulator.key", "--tls-cert"), ("emulator.pem", "emulator.pem", "--tls-key"),
    ] {
      let outcome = try Program.run(
        "adapter-emulator", "--port", "0", "--tls-cert", directory.path + "/tls/" + certificate, "--tls-key",
        directory.path + "/tls/" + key)
      #expect(outcome.code == 65 && outcome.errors.contains(option) && outcome.errors.contains(" Try: "))
    }
  }

  /// Command lines, their arguments parted by `|`, and the exit code.
  private static let senseless: [(String, Int32)] = [
    ("--port|65536", 64), ("--port|x", 64), ("--latency-ms|-1", 64), ("--fail-first|1", 64), ("--fail-first|1=x", 64),
    ("--fail-first|0=1", 64), ("--fail-first|1=1:99", 64), ("--fail-first|1=1:503:", 64),
    ("--fail-first|1=1:200", 64), ("--fail-first|1=1:299", 64), ("--reject|=x", 64),
    ("--reject|1|--fail-first|1=1", 64), ("--tls-cert|a", 64), ("--tls-key|a", 64), ("--credential|c4 nary", 64),
    ("--credential=", 64), ("--credential|c4nary|--credential-file|/nowhere", 64), ("--credential-file|/nowhere", 66),
    ("--tls-cert|/nowhere|--tls-key|/nowhere", 66), ("--port|0|--listen|nowhere", 64),
    ("--error-rate|5xx", 64), ("--error-rate|5xx=", 64), ("--error-rate|5xx=1.01", 64), ("--error-rate|5xx=101%", 64),
    ("--error-rate|5xx=-1", 64), ("--error-rate|5xx=1e-3", 64), ("--error-rate|6xx=1", 64), ("--error-rate|200=1", 64),
    ("--error-rate|5xx=60%,429=0.5", 64), ("--error-rate|5xx=0.6|--error-rate|429=0.5", 64),
    ("--error-rate|5xx=0.1,", 64),
    ("--error-rate|5xx=0.1|--error-rate|5xx=0.1", 64), ("--retry-after|2", 64),
    ("--error-rate|429=1|--retry-after|soon", 64),
    ("--outage|404", 64), ("--outage|off", 64), ("--outage-after|-1", 64), ("--outage-for|x", 64),
    ("--latency-ms|5..4", 64), ("--latency-ms|p50=0,p99=5", 64), ("--latency-ms|p50=5", 64),
    ("--latency-ms|1..2..3", 64),
    ("--latency-ms|..", 64), ("--tls-self-signed|a|--tls-cert|a", 64), ("--tls-self-signed|/no/where", 73),
    ("--port|0|--listen|192.0.2.1", 73),
  ]

  @Test("refuses a command line that makes no sense", arguments: senseless)
  func refusals(line: String, code: Int32) throws {
    let outcome = try Program.Running(["adapter-emulator"] + line.split(separator: "|").map(String.init)).end()
    #expect(outcome.code == code)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errorLines.count == 1)
    #expect(outcome.errors.hasPrefix("linkworker: "))
    #expect(outcome.errors.contains(" Try: "))
    #expect(!outcome.errors.contains("nary"))
  }

  @Test("names the class, the sum and the port that are wrong, and what to try")
  func words() throws {
    for (arguments, words) in [
      (["--error-rate", "5xx=0.1,6xx=0.1"], ["\"6xx\"", "Try: one of 5xx, 429,"]),
      (["--error-rate", "5xx=0.7,hang=40%"], ["more than 1 together"]),
      (["--latency-ms", "fast"], ["\"fast\"", "p50=A,p99=B", "20..80"]),
    ] {
      let outcome = try Program.Running(["adapter-emulator"] + arguments).end()
      #expect(outcome.code == 64 && outcome.output.isEmpty)
      for word in words { #expect(outcome.errors.contains(word), "\(outcome.errors)") }
    }
  }

  @Test("says that its port is taken")
  func portTaken() throws {
    let (program, _, port) = try start()
    let second = try Program.run("adapter-emulator", "--port", "\(port)")
    #expect(second.code == 73)
    #expect(second.errorLines.count == 1)
    #expect(second.errors.contains("port \(port)") && second.errors.contains("Try: another port, or 0"))
    program.terminate()
    #expect(program.end().code == 0)
  }
}
