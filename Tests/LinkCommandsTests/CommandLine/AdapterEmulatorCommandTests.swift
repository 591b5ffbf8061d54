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
    let credential = AdapterEmulatorCommand.defaultCredential
    #expect(call(1, credential: credential, port: port).hasPrefix("HTTP/1.1 503 "))
    #expect(call(1, credential: credential, port: port).contains(#"{"s":"ok","d":""#))
    #expect(call(2, credential: credential, port: port).hasPrefix("HTTP/1.1 429 "))
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
        at the same time: 1 at most, of one user 1

        """)
  }

  @Test("asks for the credential in a file, and shows it nowhere")
  func credentialFile() throws {
    let directory = try TemporaryDirectory()
    let (program, greeting, port) = try start("--credential-file", try directory.write("credential", "c4nary\n"))
    #expect(call(1, credential: "c4nary", port: port).contains(#"{"s":"ok","d":""#))
    program.terminate()
    let outcome = program.end()
    #expect(outcome.code == 0)
    #expect(!(greeting + outcome.output + outcome.errors).contains("c4nary"))
  }

  /// Command lines, their arguments parted by `|`, and the exit code.
  private static let senseless: [(String, Int32)] = [
    ("--port|65536", 64), ("--port|x", 64), ("--latency-ms|-1", 64), ("--fail-first|1", 64), ("--fail-first|1=x", 64),
    ("--fail-first|0=1", 64), ("--fail-first|1=1:99", 64), ("--fail-first|1=1:503:", 64), ("--reject|=x", 64),
    ("--reject|1|--fail-first|1=1", 64), ("--tls-cert|a", 64), ("--tls-key|a", 64), ("--credential|c4 nary", 64),
    ("--credential=", 64), ("--credential|c4nary|--credential-file|/nowhere", 64), ("--credential-file|/nowhere", 66),
    ("--tls-cert|/nowhere|--tls-key|/nowhere", 66), ("--port|0|--listen|nowhere", 73),
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

  @Test("says that its port is taken")
  func portTaken() throws {
    let (program, _, port) = try start()
    let second = try Program.run("adapter-emulator", "--port", "\(port)")
    #expect(second.code == 73)
    #expect(second.errorLines.count == 1)
    program.terminate()
    #expect(program.end().code == 0)
  }
}
