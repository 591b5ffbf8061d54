/// `linkworker topics create` and `linkworker topics check`: the four topics with the settings that the protocol needs.
enum TopicsCommand {
  static let create = CommandDefinition(
    name: "topics create",
    summary: "Make the four topics that are missing; check those that exist.",
    about: """
      Makes requests, outcomes, state and dead letters with the partitions and settings that the worker needs. A topic that exists is \
      checked and never changed, so that the command can be given again.
      """,
    settings: .kafka,
    options: [
      .value(
        "--partitions", "N", "Of requests and state, and of what else is made; default 12. It cannot be changed later."),
      .value("--replication", "N", "Replicas of each partition; default the brokers' own. In production: 3."),
      json,
    ],
    examples: ["linkworker topics create --config worker.properties --partitions 12 --replication 3"],
    exitCodes: [.noInput, .unavailable, .noPermission, .config],
    body: { _ throws(CommandFailure) in
      throw CommandFailure(.software, .init("topics create", "", "not built yet", hint: ""))
    })

  static let check = CommandDefinition(
    name: "topics check",
    summary: "Check that the four topics are as the worker needs them.",
    about: "Changes nothing. Says for each topic whether it is there, what differs, and what to do about it.",
    settings: .kafka,
    options: [json],
    examples: ["linkworker topics check --config worker.properties"],
    exitCodes: [.noInput, .unavailable, .noPermission, .config],
    body: { _ throws(CommandFailure) in
      throw CommandFailure(.software, .init("topics check", "", "not built yet", hint: ""))
    })

  private static let json = OptionDefinition.flag("--json", "One JSON object a line instead of text.")
}
