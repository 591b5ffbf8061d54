import LinkCore
import LinkKafka

/// One call of `replay`: looks which links there are, asks, and sends.
struct ReplayRun {
  let options: ReplayOptions
  let settings: WorkerSettings
  let invocation: Invocation

  /// Links up to which nobody is asked.
  private static let unaskedCount = 1

  private static let permissions =
    "allow this principal Describe and Write on the requests topic, Describe and Read on the state topic, for --job also Read on the "
    + "requests topic, and for --watch Describe and Read on the outcomes topic"

  /// Does what the command line asks for.
  func run() throws(CommandFailure) -> ExitCode {
    let (plan, damage) = try plan()
    let preview = ReplayPreview(plan: plan, limit: settings.replayLimit)
    let isTrial = invocation.isSet("--dry-run")
    let leftOut = isTrial ? nil : preview.leftOut.map { CommandFailure(.found, $0) }
    // Links that were named are asked for in any case, and --watch tells what the worker says of them.
    let refusal = isTrial || invocation.isSet("--watch") ? nil : preview.refusal.map { CommandFailure(.found, $0) }
    if let refusal { invocation.console.report(refusal) }
    var failures = [leftOut, damage].compactMap(\.self)
    if isTrial {
      isJSON ? tell(preview.json) : preview.text.forEach(invocation.console.print)
    } else if plan.count == 0 {
      isJSON ? tell(preview.nothing) : invocation.console.print(preview.nothingText)
    } else {
      do throws(CommandFailure) {
        try send(plan, preview)
      } catch {
        failures.insert(error, at: 0)
      }
    }
    guard var failure = failures.first else { return refusal?.exitCode ?? .ok }
    failure.lines = failures.flatMap(\.lines)
    throw failure
  }

  private var isJSON: Bool { invocation.isSet("--json") }

  private func tell(_ json: JSONWriter) {
    var output = LineOutput(invocation.console)
    output.print(json)
    output.flush()
  }

  // MARK: - The plan

  /// Which links are to be replayed, and what to say of records that cannot be read.
  private func plan() throws(CommandFailure) -> (ReplayPlan, CommandFailure?) {
    let properties = try KafkaProperties(checking: settings.kafka)
    let bar = SharedBar(
      ProgressBar(
        invocation.console, environment: invocation.environment, title: invocation.command.name, unit: "records read"))
    defer { bar.erase() }
    let planned: (plan: ReplayPlan, damage: CommandFailure?)
    var candidates = ReplayCandidates()
    do throws(KafkaFailure) {
      let scan = try LinkScan(settings, properties) { bar.show($0, $1) }
      let partitions = partitions(of: scan.partitionCount)
      // The states come first: what was accepted meanwhile stands in the requests.
      try read(scan, partitions) { candidates.take($0) }
      var sent: Set<LinkKey> = []
      if options.isResumed, !candidates.found.isEmpty, !candidates.isCut {
        let trail = ReplayTrail(options.order.job, eventByteLimit: settings.eventByteLimit)
        sent = try trail.sent(in: TopicScan(.requests, settings, properties, tell: { bar.show($0, $1) }), partitions)
      }
      var plan = ReplayPlan(isNamed: options.selection.isNamed, sent: sent)
      for candidate in candidates.found { plan.take(candidate) }
      planned = (plan, scan.failure)
    } catch {
      var failure = error
      if failure.name.hasSuffix("AUTHORIZATION_FAILED") { failure.hint = Self.permissions }
      throw CommandFailure(failure)
    }
    guard !candidates.isCut else {
      throw .usage(
        "replay", "more than \(ProgressMeter.grouped(ReplayPlan.linkLimit)) links fit, which are too many for one job",
        hint: "less than that at a time, by --since and --until")
    }
    return planned
  }

  private func partitions(of count: Int32) -> [Int32] {
    switch options.selection {
    case .named(let keys): Set(keys.map { HomePartition.of(userId: $0.userId, partitionCount: count) }).sorted()
    case .fitting(let filter): filter.partitions(of: count)
    }
  }

  private func read(
    _ scan: LinkScan, _ partitions: [Int32], _ take: ([ReplayCandidate]) -> Bool
  ) throws(KafkaFailure) {
    let (job, limit, isForced) = (options.order.job, settings.replayLimit, options.order.isForced)
    switch options.selection {
    case .named(let keys):
      let found = try scan.links(keys)
      _ = take(
        keys.map { key in
          found[key].map { ReplayCandidate($0, in: job, limit: limit, isForced: isForced) }
            ?? ReplayCandidate(unknown: key)
        })
    case .fitting(let filter):
      try scan.read(
        partitions,
        keep: { filter.fits($0) ? ReplayCandidate($0, in: job, limit: limit, isForced: isForced) : nil }, each: take)
    }
  }

  // MARK: - Sending

  private func send(_ plan: ReplayPlan, _ preview: ReplayPreview) throws(CommandFailure) {
    // From here on a signal ends in good order.
    let interrupts = InterruptCount()
    let signals = StopSignals { _, _ in interrupts.note() }
    let hangUp = HangUpSignal { interrupts.note() }
    defer { withExtendedLifetime((signals, hangUp)) {} }
    guard try isWanted(preview, interrupts) else {
      let line = CommandFailure.Line("replay", "", "nothing was sent", hint: "")
      throw CommandFailure(interrupts.count > 0 ? .interrupted : .found, line)
    }
    let command = CommandWords(
      invocation, repeating: ReplayOptions.repeated, adding: options.wordsToGoOn(newest: plan.newest)
    ).text
    let kafka = try SubmitConnection(
      settings, waits: invocation.isSet("--watch"), timeout: options.timeout, interrupts: interrupts,
      command: "replay", permissions: Self.permissions)
    announce(plan.count, command)
    let order = options.order
    let input = SubmitInput(links: plan.keys, job: order.job.name) { order.event(for: $0, time: SystemClock.wall()) }
    let voice = SubmitVoice(name: input.name, isJSON: isJSON, input: input.kind, invocation)
    var submission = Submission(
      input, options: .init(eventByteLimit: settings.eventByteLimit, rate: options.rate, command: command), kafka,
      voice: voice, interrupts: interrupts)
    _ = try submission.run()
  }

  /// Whether somebody has said that so many links are meant.
  private func isWanted(_ preview: ReplayPreview, _ interrupts: InterruptCount) throws(CommandFailure) -> Bool {
    guard preview.plan.count > Self.unaskedCount, !invocation.isSet("--yes") else { return true }
    guard Question.canBeAsked(invocation.console) else {
      throw .usage(
        "--yes", "is missing: \(preview.phrase) would be replayed, and there is no terminal to ask at",
        hint: "--yes, or --dry-run to see what would be done")
    }
    return try Question(console: invocation.console).ask("Replay \(preview.phrase)?") { interrupts.count > 0 }
  }

  /// Says the job's name, and how to go on with it.
  private func announce(_ count: Int, _ command: String) {
    let name = options.order.job.name
    guard isJSON else {
      return invocation.console.print(ReplayPreview.announcement(of: name, count, command))
    }
    var json = JSONWriter()
    json.beginObject()
    json.name("job")
    json.beginObject()
    json.name("name")
    json.string(name)
    json.count("links", count)
    json.name("command")
    json.string(command)
    json.endObject()
    json.endObject()
    tell(json)
  }
}
