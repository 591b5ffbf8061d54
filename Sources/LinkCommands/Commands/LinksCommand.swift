import LinkCore
import LinkKafka

/// `linkworker links list`, `links show` and `links stats`: what the state topic says of links. No worker is needed, and nothing is written.
enum LinksCommand {
  private static let common =
    "It reads the state topic up to its end at that moment, committed records only, joins no group and needs no worker. A record that it "
    + "cannot read is named at the end, its link is left out, and the exit code is 1."

  private static let exitCodes: [ExitCode] = [.found, .noInput, .unavailable, .noPermission, .config]

  static let list = CommandDefinition(
    name: "links list",
    summary: "List links: all, or those of a state, user, broker, code or time.",
    about: """
      One line for each link whose last state fits all options that are given; of an option that is repeated, one value is enough. Links come in \
      the order of their partition, then of user and key. CALLS counts as retry.attempts does; DECIDED is when the last decision was taken. \
      \(common) It holds the links that fit of one partition at a time, 0.5 KB or so each.
      """,
    settings: .kafka,
    options: [LinkFilter.stateOption] + LinkFilter.options + [
      .value("--limit", "N", "No more than so many links, the first ones. Default: all."), .json,
    ],
    examples: [
      "linkworker links list --config worker.properties --state failed --since 2h",
      "linkworker links list --config worker.properties --user 14601",
      "linkworker links list --config worker.properties --code deadline_exceeded --broker northwind --json",
    ],
    exitCodes: exitCodes,
    body: runList)

  static let show = CommandDefinition(
    name: "links show",
    summary: "Show one link: request, attempts, replays, and what happens next.",
    about: """
      The link is named by its user, a slash and its idempotency key: all after the first slash is the key. It tells each attempt (the last \
      \(Link.attemptLimit)) with its time, its class, the HTTP status and the wait that followed, who replayed the link and why, and what happens next. \
      Neither the token nor the context of the request is shown. A link of which nothing is known ends with 1: it was never asked for, is not \
      decided on yet, or was forgotten after state.retention.ms. \(common) Only the user's partition is read.
      """,
    settings: .kafka,
    options: [.json],
    operands: [.required("USER/KEY")],
    examples: [
      "linkworker links show --config worker.properties 14601/tv-9b1d",
      "linkworker links show --config worker.properties --json 14601/tv-9b1d",
    ],
    exitCodes: exitCodes,
    body: runShow)

  static let stats = CommandDefinition(
    name: "links stats",
    summary: "Count links by state, code and broker; name those that wait longest.",
    about: """
      Counts the links whose last state fits all options that are given, and how many calls they took; of those that wait it names the one that \
      was asked for first and the one that is due first. Brokers are counted over links that wait or have failed: one that has succeeded keeps no \
      request. \(common) It holds the links of one partition at a time, 0.1 to 0.3 KB each.
      """,
    settings: .kafka,
    options: [LinkFilter.stateOption] + LinkFilter.options + [.json],
    examples: [
      "linkworker links stats --config worker.properties",
      "linkworker links stats --config worker.properties --since 1d --json",
    ],
    exitCodes: exitCodes,
    body: runStats)

  @Sendable private static func runList(_ invocation: Invocation) throws(CommandFailure) -> ExitCode {
    let filter = try LinkFilter(invocation, now: SystemClock.wall())
    let limit = try invocation.integer("--limit", in: 1...Int(Int32.max)) ?? .max
    let isJSON = invocation.isSet("--json")
    var output = LineOutput(invocation.console)
    var count = 0
    var isCut = false
    let failure = try reading(invocation) { scan, bar throws(KafkaFailure) in
      try scan.read(
        filter.partitions(of: scan.partitionCount), keep: { filter.fits($0) ? LinkListing($0, isJSON: isJSON) : nil }
      ) { links in
        bar.erase()
        if count == 0, !links.isEmpty, !isJSON { output.print(LinkListing.heading) }
        for link in links.sorted(by: { $0.key < $1.key }) {
          guard count < limit else {
            isCut = true
            break
          }
          output.print(utf8: link.line)
          count += 1
        }
        output.flush()
        return !isCut
      }
    }
    if !isJSON {
      if count == 0 { output.print("no link fits") }
      if isCut { output.print("more links fit. Try: a higher --limit, or none") }
      output.flush()
    }
    if let failure { throw failure }
    return .ok
  }

  @Sendable private static func runShow(_ invocation: Invocation) throws(CommandFailure) -> ExitCode {
    let name = invocation.operands.first ?? ""
    let key = try LinkName.key(name)
    var found: Link?
    let failure = try reading(invocation) { scan, _ throws(KafkaFailure) in found = try scan.links([key])[key] }
    guard let found else {
      throw failure
        ?? CommandFailure(
          .found,
          .init(
            "links show", quoted(name),
            "nothing is known of such a link: it was never asked for, is not decided on yet, or was forgotten",
            hint: "linkworker links list --user \(key.userId)"))
    }
    let story = LinkStory(link: found, now: SystemClock.wall())
    var output = LineOutput(invocation.console)
    if invocation.isSet("--json") {
      output.print(story.json)
    } else {
      for line in story.text { output.print(line) }
    }
    output.flush()
    if let failure { throw failure }
    return .ok
  }

  @Sendable private static func runStats(_ invocation: Invocation) throws(CommandFailure) -> ExitCode {
    let now = SystemClock.wall()
    let filter = try LinkFilter(invocation, now: now)
    let names = BrokerNames()
    var stats = LinkStats(now: now)
    let failure = try reading(invocation) { scan, _ throws(KafkaFailure) in
      try scan.read(
        filter.partitions(of: scan.partitionCount),
        keep: { filter.fits($0) ? LinkStats.Item($0, names: names) : nil }
      ) { items in
        for item in items { stats.take(item) }
        return true
      }
    }
    var output = LineOutput(invocation.console)
    if invocation.isSet("--json") {
      output.print(stats.json(names))
    } else {
      for line in stats.text(names) { output.print(line) }
    }
    output.flush()
    if let failure { throw failure }
    return .ok
  }

  /// Has `body` read the state topic, under a progress bar; returns what to say of records that could not be read.
  private static func reading(
    _ invocation: Invocation, _ body: (LinkScan, SharedBar) throws(KafkaFailure) -> Void
  ) throws(CommandFailure) -> CommandFailure? {
    let settings = try invocation.settings()
    let properties = try KafkaProperties(checking: settings.kafka)
    let bar = SharedBar(
      ProgressBar(
        invocation.console, environment: invocation.environment, title: invocation.command.name, unit: "records"))
    defer { bar.erase() }
    do throws(KafkaFailure) {
      let scan = try LinkScan(settings, properties) { bar.show($0, $1) }
      try body(scan, bar)
      return scan.failure
    } catch {
      var failure = error
      if failure.name.hasSuffix("AUTHORIZATION_FAILED") { failure.hint = permissions }
      throw CommandFailure(failure)
    }
  }

  private static let permissions = "allow this principal Read on the state topic"
}
