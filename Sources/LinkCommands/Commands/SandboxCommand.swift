import LinkOps

/// `linkworker sandbox`: the worker with everything around it in one process.
enum SandboxCommand {
  static let definition = CommandDefinition(
    name: "sandbox",
    group: .tryOut,
    summary: "Run the worker with a broker and an adapter of its own, to try it out.",
    about: """
      Starts a Kafka broker, an adapter emulator and a worker on this machine, sends them sample requests (users 42 to \
      46) and shows each request's way: live on a terminal (where the adapter takes 400 ms, so that one sees it at \
      work), else as lines. Then it prints commands to try from another terminal, and goes on until SIGINT or SIGTERM. \
      At the end it sums up, and nothing is kept.
      The broker is in memory: it keeps at most 5 MiB a partition, gives no transaction isolation, and proves nothing \
      about exactly-once. --kafka-home starts a real one instead, and --kafka uses one that runs, with topics and a \
      group of their own names (linkworker-sandbox.…), which are deleted at the end. A rule for a sample's user takes \
      the place of the sample's own.
      """,
    options: [
      .flag(
        "--once", "End when all samples have ended, after 30 s at the latest; with 0 only if each ended as expected."),
      .flag(
        "--verbose", "Write the worker's log from info on to standard error; without it, warnings and errors alone."),
      .value(
        "--kafka-home", "DIR",
        "Start a real Kafka from this unpacked release (Java 17 or newer). It ends with the sandbox, whatever ends that."
      ),
      .value("--kafka", "ADDRESS", "Use the Kafka that runs there, HOST:PORT, several parted by commas."),
      .value(
        "--config", "FILE",
        "With --kafka: a worker's settings, for what is needed to reach that Kafka. Addresses, names and the adapter "
          + "are the sandbox's own. Without it the file of LINKWORKER_CONFIG."),
      .value(
        "-X", "NAME=VALUE", repeatable: true,
        "One setting of the worker, kafka.… with --kafka alone. Shows in process lists: no secrets."),
    ] + EmulatorBehaviour.options,
    examples: [
      "linkworker sandbox", "linkworker sandbox --once", "linkworker sandbox --verbose --fail-first 42=2:503",
      "linkworker sandbox --reject 42=\"Account is blocked\"",
    ],
    readyText: "Ctrl-C",
    exitCodes: [.found, .noInput, .unavailable, .software, .cantCreate, .tempFail, .noPermission, .config],
    body: run)

  @Sendable private static func run(_ invocation: Invocation) throws(CommandFailure) -> ExitCode {
    let isOnce = invocation.isSet("--once")
    let kafka = try SandboxKafka(invocation)
    let options = Sandbox.Options(
      isOnce: isOnce, behaviour: try EmulatorBehaviour(invocation), kafka: kafka,
      additions: try additions(invocation, kafka), logLevel: invocation.isSet("--verbose") ? .info : .warning,
      watchedLatency: invocation.isSet("--latency-ms") ? nil : 400)
    let display = SandboxDisplay(invocation.console, environment: invocation.environment)
    let isAsExpected = try Sandbox(options: options, environment: invocation.environment, display: display).run()
    return isOnce && !isAsExpected ? .found : .ok
  }

  /// What is there to reach a Kafka is of no use with the sandbox's own.
  private static func additions(
    _ invocation: Invocation, _ kafka: SandboxKafka
  ) throws(CommandFailure) -> SandboxSettings.Additions {
    let arguments = invocation.all("-X")
    if let name = arguments.map({ $0.prefix { $0 != "=" } }).first(where: { SandboxSettings.own.contains(String($0)) })
    {
      throw .usage("-X \(name)", "is the sandbox's own setting", hint: "leave it out")
    }
    if case .running = kafka {
      return .init(
        configFile: invocation.value("--config"), arguments: arguments, environment: invocation.environment)
    }
    guard invocation.value("--config") == nil else {
      throw .usage("--config", "goes with --kafka alone", hint: "--kafka ADDRESS --config FILE")
    }
    if let name = arguments.first(where: { $0.hasPrefix(SettingTable.passThroughPrefix) })?.prefix(while: { $0 != "=" })
    {
      throw .usage("-X \(name)", "goes with --kafka alone", hint: "--kafka ADDRESS -X \(name)=…")
    }
    return .init(configFile: nil, arguments: arguments, environment: [:])
  }
}
