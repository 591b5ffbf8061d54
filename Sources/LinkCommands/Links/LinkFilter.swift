import LinkCore

/// Which links a command is about: those that fit every kind of option that was given, and of each kind one of its values. Pure.
struct LinkFilter: Equatable, Sendable {
  /// States; empty: any.
  var states: Set<LinkStateName> = []
  /// Users; empty: any.
  var users: Set<Int64> = []
  /// Broker names, byte for byte; a link fits that asks for one of them. Empty: any.
  var brokers: Set<Text> = []
  /// Codes of links that have failed; empty: any.
  var codes: Set<FailureCode> = []
  /// The first moment of the last decision that fits.
  var since: Timestamp?
  /// The first moment that does not fit any more.
  var until: Timestamp?

  /// `--state`.
  static let stateOption = OptionDefinition.value(
    "--state", LinkStateName.allCases.map(\.rawValue).joined(separator: "|"), repeatable: true,
    "Links in this state alone.")

  /// The options that every command with a filter has; where all states fit, it has `stateOption` besides.
  static let options: [OptionDefinition] = [
    .value("--user", "N", repeatable: true, "Links of this user alone. Only that user's partition is read."),
    .value(
      "--broker", "NAME", repeatable: true,
      "Links that ask for this broker, byte for byte. A link that has succeeded keeps no request, and so none of its brokers."
    ),
    .value(
      "--code", FailureCode.allCases.map(\.rawValue).joined(separator: "|"), repeatable: true,
      "Links that failed with this code."),
    .value(
      "--since", "WHEN",
      "Links whose last decision (end, attempt, or accepted replay) was at this moment or later: as RFC 3339 has it, or so long ago (90s, 2h, 7d)."
    ),
    .value("--until", "WHEN", "Links whose last decision was before this moment, given in the same way."),
  ]

  /// Every link fits.
  init() {}

  /// What the options of a command say.
  ///
  /// - Parameter wall: The calendar's time, for what counts back from now.
  init(_ invocation: Invocation, now wall: Timestamp) throws(CommandFailure) {
    states = Set(try invocation.words("--state", of: LinkStateName.self))
    codes = Set(try invocation.words("--code", of: FailureCode.self))
    users = Set(try invocation.positives("--user"))
    brokers = Set(invocation.all("--broker").map { Text($0) })
    (since, until) = try invocation.span(now: wall)
    if !codes.isEmpty, !states.isEmpty, !states.contains(.failed) {
      throw .usage("--code", "is of links that failed, and --state leaves those out", hint: "--state failed")
    }
    if !brokers.isEmpty, states == [.succeeded] {
      throw .usage(
        "--broker", "finds no link that has succeeded: what is kept of one has no request",
        hint: "leave one of the two out")
    }
  }

  /// Whether a link fits.
  func fits(_ link: Link) -> Bool {
    guard users.isEmpty || users.contains(link.key.userId), states.isEmpty || states.contains(link.stateName) else {
      return false
    }
    if !codes.isEmpty {
      guard let code = link.failureCode, codes.contains(code) else { return false }
    }
    if !brokers.isEmpty {
      guard let names = link.request?.scope.brokerNames, names.contains(where: brokers.contains) else { return false }
    }
    guard since != nil || until != nil else { return true }
    let moment = link.decidedAt
    return since.map { moment >= $0 } ?? true && until.map { moment < $0 } ?? true
  }

  /// The partitions in which links can be that fit, rising: a user's are all in one.
  func partitions(of partitionCount: Int32) -> [Int32] {
    guard !users.isEmpty else { return Array(0..<partitionCount) }
    return Set(users.map { HomePartition.of(userId: $0, partitionCount: partitionCount) }).sorted()
  }
}
