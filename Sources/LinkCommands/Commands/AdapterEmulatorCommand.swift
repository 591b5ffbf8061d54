import LinkCore
import LinkSandbox

/// `linkworker adapter-emulator`: a TradingView adapter to develop and test against.
enum AdapterEmulatorCommand {
  static let definition = CommandDefinition(
    name: "adapter-emulator",
    summary: "Run a TradingView adapter that behaves as it is told, to test against.",
    about: """
      Answers POST /generate/token and POST /logout as the adapter does, fails as it is told, and counts its calls. Its control API \
      lets tests change and read all of that while it runs. It ends on SIGINT or SIGTERM with a summary of what was asked of it.
      """,
    options: [
      .value("--port", "PORT", "Default 18080; 0 for any free one."),
      .value(
        "--listen", "ADDRESS", "Default 127.0.0.1. Beyond loopback everybody who reaches it can read what it received."),
      .value("--credential-file", "FILE", "The bearer credential to ask for, in a file of one line."),
      .value("--credential", "TEXT", "The same on the command line; without either it is \(defaultCredential)."),
      .value("--tls-cert", "FILE", "A certificate in PEM, for https; goes with --tls-key."),
      .value("--tls-key", "FILE", "Its private key in PEM."),
    ] + EmulatorBehaviour.options,
    examples: [
      "linkworker adapter-emulator",
      "linkworker adapter-emulator --latency-ms 20 --fail-first 4711=2:503 --reject 4712",
    ],
    exitCodes: [.noInput, .cantCreate, .noPermission, .config],
    body: run)

  static let defaultCredential = "sandbox-credential"
  private static let defaultPort = 18_080

  @Sendable private static func run(_ invocation: Invocation) throws(CommandFailure) -> ExitCode {
    var configuration = AdapterEmulatorConfiguration(credential: try credential(invocation))
    configuration.port = UInt16(try invocation.integer("--port", in: 0...65_535) ?? defaultPort)
    configuration.listenAddress = invocation.value("--listen") ?? configuration.listenAddress
    configuration.tls = try tls(invocation)
    try EmulatorBehaviour(invocation).apply(to: &configuration)

    let signals = StopSignals()
    let emulator: AdapterEmulator
    do {
      emulator = try AdapterEmulator(configuration: configuration)
    } catch {
      throw CommandFailure(.cantCreate, .init(error.operation, error.subject, error.problem, hint: error.hint ?? ""))
    }
    greet(emulator, invocation)
    signals.wait()
    emulator.stop()
    say(emulator.stats, invocation.console)
    return .ok
  }

  private static func credential(_ invocation: Invocation) throws(CommandFailure) -> Secret {
    guard let path = invocation.value("--credential-file") else {
      let text = invocation.value("--credential") ?? defaultCredential
      guard text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }), !text.isEmpty else {
        throw .usage("--credential", "is not printable ASCII without blanks", hint: "--credential \(defaultCredential)")
      }
      return Secret(Array(text.utf8))
    }
    guard !invocation.isSet("--credential") else {
      throw .usage("--credential-file", "is given, and so is --credential", hint: "keep one of the two")
    }
    do {
      return try SecretFile(path: path).read()
    } catch {
      throw CommandFailure(
        error.exitCode, .init("adapter-emulator", "--credential-file", error.reason, hint: error.hint))
    }
  }

  private static func tls(_ invocation: Invocation) throws(CommandFailure) -> AdapterEmulatorConfiguration.TLSFiles? {
    switch (invocation.value("--tls-cert"), invocation.value("--tls-key")) {
    case (nil, nil): return nil
    case (nil, _): throw .usage("--tls-key", "needs --tls-cert as well", hint: "--tls-cert FILE --tls-key FILE")
    case (_, nil): throw .usage("--tls-cert", "needs --tls-key as well", hint: "--tls-cert FILE --tls-key FILE")
    case (let certificate?, let key?):
      for (option, path) in [("--tls-cert", certificate), ("--tls-key", key)] {
        do {
          _ = try InputFile.read(path, limit: 1 << 20)
        } catch {
          let line = CommandFailure.Line(
            "adapter-emulator", option, "names a file that \(error.reason): \(quoted(path))", hint: error.hint)
          throw CommandFailure(error.exitCode, line)
        }
      }
      return .init(certificatePath: certificate, keyPath: key)
    }
  }

  private static func greet(_ emulator: AdapterEmulator, _ invocation: Invocation) {
    let console = invocation.console
    console.print("adapter emulator listens: adapter.url=\(emulator.baseURL)")
    if !invocation.isSet("--credential"), !invocation.isSet("--credential-file") {
      console.print("credential: \(defaultCredential) (none was given)")
    }
    console.print(
      """
      control API below \(emulator.baseURL)/_emulator/
        GET  stats               what was counted
        GET  calls               one line of JSON for each user
        GET  users/ID            one user, with the bodies received
        GET  bodies              all bodies received, in the order of their coming
        PUT  users               rules, one JSON object a line: {"userId":4711,"failFirst":2,"status":503}
        PUT  credential          ask for the credential in the body from now on
        POST verify              the claims of the token in the body
        POST reset               forget counts, bodies and rules
      SIGINT (Ctrl-C) or SIGTERM ends it
      """)
  }

  private static func say(_ stats: AdapterEmulatorStats, _ console: Console) {
    let answers = stats.answersByStatus.sorted { $0.key < $1.key }.map { status, count in
      status == 0 ? "withheld \(count)" : "\(status) \(count)"
    }
    console.print(
      """
      calls: \(stats.calls) of \(stats.users) users, tokens: \(stats.tokens)
      answers by status: \(answers.isEmpty ? "none" : answers.joined(separator: ", "))
      at the same time: \(stats.concurrentMost) at most, of one user \(stats.concurrentMostOfOneUser)
      """)
  }
}
