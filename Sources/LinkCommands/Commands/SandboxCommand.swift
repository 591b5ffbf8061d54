import LinkOps

/// `linkworker sandbox`: the worker with everything around it in one process.
enum SandboxCommand {
  static let definition = CommandDefinition(
    name: "sandbox",
    group: .tryOut,
    summary: "Run the worker with a broker and an adapter of its own, to try it out.",
    about: """
      Starts an embedded broker, an adapter emulator and a worker on this machine, sends them sample requests (users 42 to 46) and says \
      what becomes of each. The broker is in memory and gives no transaction isolation: it shows how the worker behaves and proves \
      nothing about exactly-once. Nothing is kept: when it ends, on SIGINT or SIGTERM, all of it is gone. A rule for a sample's user \
      takes the place of the sample's own.
      """,
    options: [
      .flag(
        "--once", "End when all samples have ended, after 30 s at the latest; with 0 only if each ended as expected."),
      .flag(
        "--verbose", "Write the worker's log from info on to standard error; without it, warnings and errors alone."),
    ] + EmulatorBehaviour.options,
    examples: [
      "linkworker sandbox", "linkworker sandbox --once", "linkworker sandbox --verbose --fail-first 42=2:503",
      "linkworker sandbox --reject 42=\"Account is blocked\"",
    ],
    readyText: "Ctrl-C",
    exitCodes: [.found, .unavailable, .software, .cantCreate, .tempFail],
    body: run)

  @Sendable private static func run(_ invocation: Invocation) throws(CommandFailure) -> ExitCode {
    let isOnce = invocation.isSet("--once")
    let options = Sandbox.Options(
      isOnce: isOnce, behaviour: try EmulatorBehaviour(invocation),
      logLevel: invocation.isSet("--verbose") ? .info : .warning)
    let view = ConsoleView(invocation.console, environment: invocation.environment)
    let isAsExpected = try Sandbox(options: options, environment: invocation.environment, view: view).run()
    return isOnce && !isAsExpected ? .found : .ok
  }
}
