/// `linkworker sandbox`: the worker with everything around it in one process.
enum SandboxCommand {
  static let definition = CommandDefinition(
    name: "sandbox",
    summary: "Run the worker with a broker and an adapter of its own, to try it out.",
    about: """
      Starts an embedded broker, an adapter emulator and a worker on this machine. Nothing is kept: when it ends, all of it is gone.
      """,
    options: EmulatorBehaviour.options,
    examples: ["linkworker sandbox", "linkworker sandbox --fail-first 4711=2:503"],
    exitCodes: [.software, .cantCreate],
    body: run)

  @Sendable private static func run(_ invocation: Invocation) throws(CommandFailure) -> ExitCode {
    throw CommandFailure(.software, .init("sandbox", "the sandbox", "not built yet", hint: ""))
  }
}
