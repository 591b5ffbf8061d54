import LinkCore

/// `linkworker replay`: asks the workers to try failed links again.
enum ReplayCommand {
  static let definition = CommandDefinition(
    name: "replay",
    group: .requests,
    summary: "Ask for failed links to be tried again.",
    about: """
      Looks in the state topic for failed links, all of them or those that fit the options, and sends a replay request for each to the \
      requests topic, keyed as the link's own request was: it carries the link's name, the reason, and who asks. The worker accepts it for a \
      failed link only, once for each replay request, and replay.limit times for a link unless it is forced; then the link is tried anew \
      with a new deadline, and gets one more outcome. Reason and operator stay in the link's history. What it does not accept it refuses, with \
      the reason (replay_refused), which --watch shows. Links over replay.limit (the one of these settings) are left out, and then it exits 1. A \
      link that is named as USER/KEY (all after the first slash is the key) is asked for whatever its state is; where it would be refused by \
      what is known of it, that is said before, and it exits 1.
      For more than one link it asks first; where there is no terminal, --yes has to say so. --dry-run tells by error code, user and \
      broker what would be done.
      Each job has a name, which is told at its start. Ctrl-C (or SIGTERM) stops the sending, waits up to 10 s for what is on its way, and \
      says how many are sent, not sent and unknown, and the command that goes on, on any machine: with --job the requests topic is read \
      from the job's beginning on, and what it has of this job is not sent again. A name of your own does not say when the job began: then \
      all of the requests topic is read. A repeat does no harm: the links remember the events' ids. A job is \
      about links that had failed when it began.
      """,
    settings: .kafka,
    options: [ReplayOptions.stateOption] + LinkFilter.options + [
      .value(
        "--reason", "TEXT", "Why, in 1 to 500 characters; it stays in the links' history. Needed, but for --dry-run."),
      .value(
        "--operator", "NAME",
        "Who; it stays in the links' history. Default: the user of SUDO_USER, USER or LOGNAME, and the machine's name."),
      .value(
        "--deadline", "WHEN",
        "The links' new deadline: a moment as RFC 3339 has it, or from the request on (2h, 3d). Default: retry.deadline.ms after the acceptance."
      ),
      .flag("--force", "Also links over replay.limit, up to \(Link.replayLimit) replays of a link."),
      .value("--rate", "N", "Requests a second at most. Default: as fast as Kafka takes them."),
      .flag("--yes", "Do not ask."),
      .flag("--dry-run", "Tell what would be done, and send nothing."),
      .flag(
        "--watch",
        "Wait for the outcomes of what this run sends and tell them as they come; exits 1 unless every link got its token."
      ),
      .value(
        "--timeout", "TIME",
        "How long --watch waits for each link once Kafka has its request: seconds, or 90s, 5m. Default: to its deadline, or 2 minutes."
      ),
      .value(
        "--job", "NAME", "Go on with the job of this name, or give a new one this name. Default: made of the time."),
      .json,
    ],
    operands: [.any("USER/KEY")],
    examples: [
      "linkworker replay --config worker.properties --dry-run",
      "linkworker replay --config worker.properties --code deadline_exceeded --since 1d --reason 'the adapter is back' --yes",
      "linkworker replay --config worker.properties --reason 'accounts were mended' --deadline 2h 14601/tv-9b1d",
      "linkworker replay --config worker.properties --broker northwind --rate 50 --reason 'broker is back' --yes --json",
    ],
    exitCodes: [.found, .noInput, .unavailable, .noPermission, .config, .interrupted],
    body: run)

  @Sendable private static func run(_ invocation: Invocation) throws(CommandFailure) -> ExitCode {
    let options = try ReplayOptions(invocation, now: SystemClock.wall(), random: .random(in: .min ... .max))
    return try ReplayRun(options: options, settings: try invocation.settings(), invocation: invocation).run()
  }
}
