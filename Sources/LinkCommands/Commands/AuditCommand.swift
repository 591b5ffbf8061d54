import LinkCore
import LinkKafka

/// `linkworker audit`: whether what stands in the topics is what the worker promises.
enum AuditCommand {
  static let definition = CommandDefinition(
    name: "audit",
    summary: "Check that every request has one end, and every link one outcome.",
    about: """
      Reads the four topics, committed records only, and the group's committed offsets, and says what is not as promised: a settled request \
      without exactly one end (P1), a link with more than one outcome a replay number (P2), an outcome of another scope than was asked for (P6), a state \
      that contradicts the outcomes. It writes nothing and joins no group; workers may run meanwhile: requests from the committed offset \
      on are counted as unsettled. Give it the settings of the workers: group, topics, event.max.bytes, requests.unknown.type and \
      state.retention.ms decide what is expected. What a topic's retention has deleted is counted, and is no finding. It keeps 200 bytes or so \
      of each request in memory. It exits 1 where it finds something. \
      Findings: \(AuditFindingKind.allCases.map(\.rawValue).joined(separator: ", ")).
      """,
    settings: .kafka,
    options: [
      .value("--limit", "N", "Findings to tell one by one; default \(defaultLimit). All of them are counted."),
      .flag(
        "--after-reset",
        "Somebody has set the group's offsets back: refusals, dead letters and moves that are there again are counted, and are no findings."
      ),
      .json,
    ],
    examples: [
      "linkworker audit --config worker.properties",
      "linkworker audit --config worker.properties --limit 1000 --json",
    ],
    exitCodes: [.found, .noInput, .unavailable, .noPermission, .config],
    body: run)

  private static let defaultLimit = 100

  private static let permissions =
    "allow this principal Read on the four topics, and Describe on the group"

  @Sendable private static func run(_ invocation: Invocation) throws(CommandFailure) -> ExitCode {
    let limit = try invocation.integer("--limit", in: 0...1_000_000) ?? defaultLimit
    let settings = try invocation.settings()
    let properties = try KafkaProperties(checking: settings.kafka)
    let isAfterReset = invocation.isSet("--after-reset")
    let bar = SharedBar(
      ProgressBar(invocation.console, environment: invocation.environment, title: "audit", unit: "records"))
    do throws(KafkaFailure) {
      let reader = try AuditReader(settings, properties, isAfterReset: isAfterReset) { bar.show($0, $1) }
      let audit = try reader.audit(findingLimit: limit)
      let findings = try reader.named(audit.findings)
      bar.erase()
      let report = AuditReport(
        topics: settings.topics, totals: audit.totals, findings: findings, counts: audit.counts,
        isAfterReset: isAfterReset)
      var output = LineOutput(invocation.console)
      if invocation.isSet("--json") {
        for line in report.json { output.print(line) }
      } else {
        for line in report.text { output.print(line) }
      }
      output.flush()
      return audit.findingCount == 0 ? .ok : .found
    } catch {
      bar.erase()
      var failure = error
      if failure.name.hasSuffix("AUTHORIZATION_FAILED") { failure.hint = permissions }
      throw CommandFailure(failure)
    }
  }
}
