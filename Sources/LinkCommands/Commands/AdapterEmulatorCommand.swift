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
      .value("--credential", "TEXT", "The same on the command line; without either it is sandbox-credential."),
      .value("--tls-cert", "FILE", "A certificate in PEM, for https; goes with --tls-key."),
      .value("--tls-key", "FILE", "Its private key in PEM."),
    ] + behaviour,
    examples: [
      "linkworker adapter-emulator",
      "linkworker adapter-emulator --latency-ms 20 --fail-first 4711=2:503 --reject 4712",
    ],
    exitCodes: [.noInput, .cantCreate, .config],
    body: { _ throws(CommandFailure) in
      throw CommandFailure(.software, .init("adapter-emulator", "", "not built yet", hint: ""))
    })

  /// How the emulator treats its callers.
  static let behaviour: [OptionDefinition] = [
    .value("--latency-ms", "N", "How long every answer takes; default 0."),
    .value(
      "--fail-first", "USER=N[:STATUS]", repeatable: true,
      "The first N calls of this user are answered with an HTTP status; default 503."),
    .value(
      "--reject", "USER[=ERRMSG]", repeatable: true,
      "All calls of this user are answered with s=error and this message."),
    .value("--seed", "N", "What its random numbers are made of; default 1. The same seed gives the same sequence."),
  ]
}
