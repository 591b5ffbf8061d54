import LinkCore
import LinkKafka

/// `linkworker dead-letters list` and `dead-letters show`; `resubmit` stands in a file of its own.
enum DeadLettersCommand {
  static let list = CommandDefinition(
    name: "dead-letters list",
    summary: "List what could not be read as a request, and why.",
    about: """
      One line for each dead letter that fits all options that are given; of an option that is repeated, one value is enough. PLACE is its \
      partition and offset, by which the other commands name it; REQUEST is where it lay in the requests topic. It reads the dead-letter topic \
      up to its end at that moment, committed records only, joins no group and needs no worker.
      """,
    settings: .kafka,
    options: DeadLetterFilter.options + [
      .value("--limit", "N", "No more than so many, the first ones. Default: all."), .json,
    ],
    examples: [
      "linkworker dead-letters list --config worker.properties",
      "linkworker dead-letters list --config worker.properties --reason invalid_data --since 1d --json",
    ],
    exitCodes: [.noInput, .unavailable, .noPermission, .config],
    body: runList)

  static let show = CommandDefinition(
    name: "dead-letters show",
    summary: "Show one dead letter: its reason, origin, headers and value.",
    about: """
      The value is shown as text where it is UTF-8, else as hexadecimal digits, up to 4 KiB; --raw writes the value alone, byte for byte, to be \
      mended and sent with dead-letters resubmit --value-file. The headers are the record's own. Where it was cut to fit into the topic, that \
      is said. A place where no dead letter lies ends with 1.
      """,
    settings: .kafka,
    options: [.flag("--raw", "The value alone, as it is."), .json],
    operands: [.required("PARTITION/OFFSET")],
    examples: [
      "linkworker dead-letters show --config worker.properties 0/0",
      "linkworker dead-letters show --config worker.properties --raw 0/0 > value.json",
    ],
    exitCodes: [.found, .noInput, .unavailable, .noPermission, .config],
    body: runShow)

  @Sendable private static func runList(_ invocation: Invocation) throws(CommandFailure) -> ExitCode {
    let filter = try DeadLetterFilter(invocation, now: SystemClock.wall())
    let limit = try invocation.integer("--limit", in: 1...Int(Int32.max)) ?? .max
    let isJSON = invocation.isSet("--json")
    var output = LineOutput(invocation.console)
    var count = 0
    try reading(invocation) { scan, settings, bar throws(KafkaFailure) in
      let ranges = try scan.ranges(of: Array(0..<scan.partitionCount))
      for (partition, range) in ranges.sorted(by: { $0.key < $1.key }) where count <= limit {
        try scan.read([partition: range]) { record in
          guard filter.fits(record, DeadLetterRecord(record, topic: scan.topic)) else { return true }
          count += 1
          guard count <= limit else { return false }
          let view = DeadLetterView(record, topic: scan.topic, eventByteLimit: settings.eventByteLimit)
          bar.erase()
          if isJSON {
            output.print(view.json(isWhole: false))
          } else {
            if count == 1 { output.print(DeadLetterView.heading) }
            output.print(view.line)
          }
          return true
        }
      }
    }
    if !isJSON {
      if count == 0 { output.print("no dead letter fits") }
      if count > limit { output.print("more dead letters fit. Try: a higher --limit, or none") }
    }
    output.flush()
    return .ok
  }

  @Sendable private static func runShow(_ invocation: Invocation) throws(CommandFailure) -> ExitCode {
    let name = invocation.operands.first ?? ""
    let place = try DeadLetterPlace.parse(name)
    if invocation.isSet("--raw"), invocation.isSet("--json") {
      throw .usage("--raw", "and --json exclude each other", hint: "keep one of the two")
    }
    var found: DeadLetterView?
    try reading(invocation) { scan, settings, _ throws(KafkaFailure) in
      let range = try scan.ranges(of: [place.partition])[place.partition]
      guard let range, range.contains(place.offset) else { return }
      try scan.read([place.partition: place.offset..<place.offset + 1]) { record in
        found = DeadLetterView(record, topic: scan.topic, eventByteLimit: settings.eventByteLimit)
        return true
      }
    }
    guard let found else {
      throw CommandFailure(
        .found,
        .init(
          "dead-letters show", quoted(name), "there is no dead letter, or none any more",
          hint: "linkworker dead-letters list"))
    }
    if invocation.isSet("--raw") {
      invocation.console.write(found.record.value ?? [], to: invocation.console.output)
      return .ok
    }
    var output = LineOutput(invocation.console)
    if invocation.isSet("--json") {
      output.print(found.json(isWhole: true))
    } else {
      for line in found.text(now: SystemClock.wall()) { output.print(line) }
    }
    output.flush()
    return .ok
  }

  /// Has `body` read the dead-letter topic, under a progress bar.
  private static func reading(
    _ invocation: Invocation, _ body: (TopicScan, WorkerSettings, SharedBar) throws(KafkaFailure) -> Void
  ) throws(CommandFailure) {
    let settings = try invocation.settings()
    let properties = try KafkaProperties(checking: settings.kafka)
    let bar = SharedBar(
      ProgressBar(
        invocation.console, environment: invocation.environment, title: invocation.command.name, unit: "records"))
    defer { bar.erase() }
    do throws(KafkaFailure) {
      try body(try TopicScan(.deadLetters, settings, properties, tell: { bar.show($0, $1) }), settings, bar)
    } catch {
      var failure = error
      if failure.name.hasSuffix("AUTHORIZATION_FAILED") {
        failure.hint = "allow this principal Read on the dead-letter topic"
      }
      throw CommandFailure(failure)
    }
  }
}
