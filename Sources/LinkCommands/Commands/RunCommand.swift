import LinkOps

/// `linkworker run`: the worker itself.
enum RunCommand {
  static let definition = CommandDefinition(
    name: "run",
    group: .serve,
    summary: "Serve link requests until SIGTERM.",
    about: """
      Consumes link requests, has the adapter generate a token for each, and publishes one outcome for each. Workers with the same \
      kafka.group.id share the work; each needs a store.directory of its own. On SIGTERM or SIGINT it takes nothing new, settles \
      what is in flight within shutdown.timeout.ms, leaves the group and ends with 0.
      """,
    settings: .worker,
    options: [
      .flag(
        "--from-beginning",
        "Start partitions whose committed offset is lost at their beginning, although they have state; what is known is not "
          + "called again.")
    ],
    examples: [
      "linkworker run --config worker.properties",
      "linkworker run --config worker.properties -X log.level=debug -X log.format=text",
    ],
    readyText: "lane.opened",
    exitCodes: [.noInput, .unavailable, .software, .cantCreate, .tempFail, .noPermission, .config],
    body: run)

  @Sendable private static func run(_ invocation: Invocation) throws(CommandFailure) -> ExitCode {
    let settings = try invocation.settings()
    let log = Log(level: settings.log.level, format: settings.log.format)
    // What is said on the way out must be written, whichever way that is.
    defer { log.flush() }
    let options = Worker.Options(startsFromBeginning: invocation.isSet("--from-beginning"))
    let worker = try Worker(settings: settings, options: options, log: log)
    let stop = worker.stop
    let signals = StopSignals { _, count in if count == 1 { stop() } }
    defer { withExtendedLifetime(signals) {} }
    return worker.run()
  }
}
