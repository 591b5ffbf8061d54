import LinkCore

/// What the command line of `replay` asks for, checked.
struct ReplayOptions {
  /// Which links.
  let selection: Selection
  /// What travels in each event.
  let order: ReplayOrder
  /// Whether the job has a name that was given: then it may have begun before.
  let isResumed: Bool
  /// Requests a second at most; nil: as fast as Kafka takes them.
  let rate: Int?
  /// Milliseconds that outcomes are waited for; nil: to the deadline, or two minutes.
  let timeout: Milliseconds?

  /// When the command began, by this machine's calendar.
  private let began: Timestamp

  /// Which links are to be replayed.
  enum Selection {
    /// These.
    case named(Set<LinkKey>)
    /// All failed ones that fit.
    case fitting(LinkFilter)

    /// Whether links were named one by one.
    var isNamed: Bool {
      switch self {
      case .named: true
      case .fitting: false
      }
    }
  }

  /// Options that say which links; together with names of links they would say it twice.
  private static let filters = ([stateOption] + LinkFilter.options).map(\.name)

  /// `--state`, for whoever knows it from `links list`.
  static let stateOption = OptionDefinition.value(
    "--state", LinkStateName.failed.rawValue, repeatable: true,
    "Links in this state alone. No other can be replayed, so it may be left out.")

  /// - Parameters:
  ///   - wall: The calendar's time.
  ///   - random: Of a new job's name.
  init(_ invocation: Invocation, now wall: Timestamp, random: UInt32) throws(CommandFailure) {
    rate = try invocation.integer("--rate", in: 1...1_000_000)
    timeout = try invocation.timeout(of: "--watch")
    isResumed = invocation.isSet("--job")
    began = wall
    selection = try Self.selection(invocation, now: wall)
    let job = try Self.job(invocation) ?? ReplayJob(began: wall, random: random)
    guard let reason = invocation.value("--reason") ?? (invocation.isSet("--dry-run") ? "-" : nil) else {
      throw .usage("--reason", "is missing: it stands in the links' history", hint: "--reason 'the adapter is mended'")
    }
    order = ReplayOrder(
      job: job, reason: reason,
      operator: invocation.value("--operator") ?? ReplayOperator.name(invocation.environment),
      deadline: try Self.deadline(invocation, now: wall), isForced: invocation.isSet("--force"))
    try check(now: wall)
  }

  private static func selection(_ invocation: Invocation, now wall: Timestamp) throws(CommandFailure) -> Selection {
    guard !invocation.operands.isEmpty else {
      try checkStates(invocation)
      var filter = try LinkFilter(invocation, now: wall)
      filter.states = [.failed]
      // A new job takes what has failed, though a worker's clock may be ahead of this one. Gone on with, it is about the same links.
      if invocation.isSet("--job") { filter.until = filter.until ?? wall }
      return .fitting(filter)
    }
    if let option = filters.first(where: { invocation.isSet($0) }) {
      throw .usage(option, "chooses links, and \(quoted(invocation.operands[0])) names one", hint: "one of the two")
    }
    var keys: Set<LinkKey> = []
    for text in invocation.operands { keys.insert(try LinkName.key(text)) }
    return .named(keys)
  }

  private static func checkStates(_ invocation: Invocation) throws(CommandFailure) {
    for state in try invocation.words("--state", of: LinkStateName.self) {
      let reason: String
      switch state {
      case .failed: continue
      case .scheduled: reason = "are tried again in any case"
      case .succeeded: reason = "have their tokens"
      }
      throw .usage(
        "--state", "\(quoted(state.rawValue)) links \(reason): those that have failed can be replayed, and no others",
        hint: "--state failed, or leave it out")
    }
  }

  private static func job(_ invocation: Invocation) throws(CommandFailure) -> ReplayJob? {
    guard let name = invocation.value("--job") else { return nil }
    guard let job = ReplayJob(name: name) else {
      throw .usage(
        "--job", "\(quoted(name)) is not 1 to 100 letters, digits, dots, dashes and underscores",
        hint: "--job outage-2026-11")
    }
    return job
  }

  private static func deadline(
    _ invocation: Invocation, now wall: Timestamp
  ) throws(CommandFailure) -> ReplayOrder.Deadline? {
    guard let text = invocation.value("--deadline") else { return nil }
    if let span = TimeSpan.milliseconds(text) {
      guard span > 0 else {
        throw .usage(
          "--deadline", "\(quoted(text)) has to be longer than nothing: every link would fail at once",
          hint: "--deadline 2h")
      }
      return .span(span)
    }
    guard let moment = Timestamp(rfc3339: Array(text.utf8)) else {
      throw .usage(
        "--deadline", "\(quoted(text)) is neither a moment with its offset from UTC nor a length of time",
        hint: "--deadline 2h, or --deadline \((wall + 7_200_000).rfc3339)")
    }
    guard moment > wall else {
      throw .usage("--deadline", "has passed: every link would fail at once", hint: "--deadline 2h")
    }
    return .moment(moment)
  }

  /// What all events have in common is judged as the worker will judge it.
  private func check(now wall: Timestamp) throws(CommandFailure) {
    let key = LinkKey(userId: 1, idempotencyKey: "k")
    do {
      _ = try RequestCheck().read(order.event(for: key, time: wall))
    } catch {
      let option = ["operator", "deadline"].first { error.pointer.hasPrefix("/data/\($0)") } ?? "reason"
      let sentence = error.sentence.hasSuffix(".") ? String(error.sentence.dropLast()) : error.sentence
      throw .usage("--\(option)", "\(sentence) (\(error.reason.rawValue))", hint: "linkworker help replay")
    }
  }

  /// The words that go on with the job, besides the options that are repeated as they were typed.
  ///
  /// - Parameter newest: When the last of its links came to its state.
  func wordsToGoOn(newest: Timestamp?) -> [String] {
    var words: [String] = []
    switch selection {
    case .named(let keys): words += keys.sorted().map(\.description)
    case .fitting(let filter):
      // Times that count back from now would be others later on.
      if let since = filter.since { words += ["--since", since.rfc3339] }
      // What fails from now on is none of this job.
      words += ["--until", (filter.until ?? max(began, newest.map { $0 + 1 } ?? began)).rfc3339]
    }
    return words + ["--job", order.job.name]
  }

  /// Options that are repeated as they were typed.
  static let repeated = [
    "--user", "--broker", "--code", "--reason", "--operator", "--deadline", "--force", "--rate", "--yes", "--watch",
    "--timeout", "--json",
  ]
}
