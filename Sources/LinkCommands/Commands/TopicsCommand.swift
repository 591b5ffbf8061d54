import LinkCore
import LinkKafka

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
        "--partitions", "N",
        "Of each topic that is made; default 12, and for state as many as requests has. It cannot be changed later."),
      .value("--replication", "N", "Replicas of each partition; default the brokers' own. In production: 3."),
      .json,
    ],
    examples: [
      "linkworker topics create --config worker.properties",
      "linkworker topics create --config worker.properties --partitions 12 --replication 3",
    ],
    exitCodes: [.noInput, .unavailable, .noPermission, .config],
    body: { invocation throws(CommandFailure) in
      let partitions = try invocation.integer("--partitions", in: 1...10_000)
      let replication = try invocation.integer("--replication", in: 1...100)
      let cluster = try TopicsOnCluster(try invocation.settings())
      let made = try cluster.create(partitions: partitions, replication: replication)
      return try report(cluster, made: made, invocation)
    })

  static let check = CommandDefinition(
    name: "topics check",
    summary: "Check that the four topics are as the worker needs them.",
    about: "Changes nothing. Says for each topic whether it is there, what differs, and what to do about it.",
    settings: .kafka,
    options: [.json],
    examples: [
      "linkworker topics check --config worker.properties", "linkworker topics check --config worker.properties --json",
    ],
    exitCodes: [.noInput, .unavailable, .noPermission, .config],
    body: { invocation throws(CommandFailure) in
      try report(try TopicsOnCluster(try invocation.settings()), made: [], invocation)
    })

  /// Says what is there now, and ends with 78 where the worker would not start on it.
  private static func report(
    _ cluster: TopicsOnCluster, made: Set<TopicRole>, _ invocation: Invocation
  ) throws(CommandFailure) -> ExitCode {
    let found = try cluster.describe(made: made)
    let findings = TopicPlan.check(names: cluster.names, found: found)
    let report = TopicReport(names: cluster.names, found: found, made: made, findings: findings)
    for line in invocation.isSet("--json") ? report.json : report.text { invocation.console.print(line) }
    let count = findings.count { $0.forbidsRunning }
    guard count > 0 else { return .ok }
    throw CommandFailure(
      .config,
      .init(invocation.command.name, "", "the worker cannot run on these topics", hint: "what is said of them above"))
  }
}
