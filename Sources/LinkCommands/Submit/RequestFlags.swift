import LinkCore
import LinkOps

/// One request as the options of `submit` say it.
struct RequestFlags {
  /// The event, checked.
  let event: [UInt8]

  /// The options that make a request; none of them goes together with a file.
  static let options: [OptionDefinition] = [
    .value("--user", "N", "The userId (cTID), from 1 on. With it the request is made of options, and no file is read."),
    .value("--broker", "NAME", repeatable: true, "A broker's or White Label's name, byte for byte. At least one."),
    .value("--account", "N", repeatable: true, "A ctidTraderAccountId; as many as there are. Or --all-accounts."),
    .flag("--all-accounts", "All of the user's accounts at those brokers."),
    .value("--verified", "true|false", "isVerified; absent where it is not given."),
    .value("--idempotency-key", "KEY", "The link's name, with the user. Default: source, # and id."),
    .value(
      "--deadline", "WHEN",
      "After it the answer is of no use: a moment as RFC 3339 has it, or from now on (90s, 5m, 1h30m). Default: none."),
    .value("--context", "JSON", "A JSON object that comes back in the outcome, byte for byte."),
    .value("--id", "ID", "The event's id. Default: random."),
    .value("--source", "SOURCE", "The event's source. Default: \(defaultSource)."),
    .value("--time", "WHEN", "The event's time, as RFC 3339 has it. Default: now."),
  ]

  static let defaultSource = "/linkworker/submit"

  /// The request that the options make, or nil where none of them was given.
  ///
  /// - Parameters:
  ///   - wall: The calendar's time, for what counts from now on.
  ///   - randomID: The id where none was given.
  init?(
    _ invocation: Invocation, check: RequestCheck, now wall: Timestamp, randomID: () -> String
  ) throws(CommandFailure) {
    let given = Self.options.first { invocation.isSet($0.name) }
    guard let given else { return nil }
    if let file = invocation.operands.first {
      throw .usage(
        given.name, "makes a request of its own, and \(quoted(file)) has others", hint: "the file alone, or the options"
      )
    }
    guard let user = try invocation.positives("--user").first else {
      throw .usage("--user", "is missing", hint: "--user 14601")
    }
    event = try Self.event(invocation, user: user, wall: wall, randomID: randomID)
    do {
      _ = try check.read(event)
    } catch {
      throw Self.failure(error)
    }
  }

  private static func event(
    _ invocation: Invocation, user: Int64, wall: Timestamp, randomID: () -> String
  ) throws(CommandFailure) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.name("specversion")
    json.string("1.0")
    json.name("id")
    json.string(invocation.value("--id") ?? randomID())
    json.name("source")
    json.string(invocation.value("--source") ?? defaultSource)
    json.name("type")
    json.string(EventType.requested.rawValue)
    json.name("time")
    json.string(invocation.value("--time") ?? wall.rfc3339)
    json.name("data")
    json.beginObject()
    json.name("userId")
    json.integer(user)
    json.name("brokerNames")
    json.beginArray()
    for name in invocation.all("--broker") { json.string(name) }
    json.endArray()
    try writeAccounts(invocation, to: &json)
    if let isVerified = invocation.value("--verified") {
      guard isVerified == "true" || isVerified == "false" else {
        throw .usage("--verified", "\(quoted(isVerified)) is neither true nor false", hint: "--verified true")
      }
      json.name("isVerified")
      json.boolean(isVerified == "true")
    }
    if let key = invocation.value("--idempotency-key") {
      json.name("idempotencyKey")
      json.string(key)
    }
    if let text = invocation.value("--deadline") {
      json.name("deadline")
      json.string(TimeSpan.milliseconds(text).map { (wall + $0).rfc3339 } ?? text)
    }
    if let context = invocation.value("--context") {
      json.name("context")
      json.verbatim(try checked(context))
    }
    json.endObject()
    json.endObject()
    return json.bytes
  }

  /// Neither is the default: all accounts are granted to him alone who says so.
  private static func writeAccounts(_ invocation: Invocation, to json: inout JSONWriter) throws(CommandFailure) {
    let accounts = try invocation.positives("--account")
    switch (accounts.isEmpty, invocation.isSet("--all-accounts")) {
    case (true, false):
      throw .usage("--account", "is missing, and so is --all-accounts", hint: "--account 6230011, or --all-accounts")
    case (false, true):
      throw .usage("--account", "and --all-accounts exclude each other", hint: "keep one of the two")
    case (true, true):
      json.name("allAccounts")
      json.boolean(true)
    case (false, false):
      json.name("ctidTraderAccountIds")
      json.beginArray()
      for account in accounts { json.integer(account) }
      json.endArray()
    }
  }

  /// What is written into the event as it stands must be one JSON value by itself, or it could add fields of its own.
  private static func checked(_ context: String) throws(CommandFailure) -> [UInt8] {
    let bytes = Array(context.utf8)
    do {
      _ = try JSONValue(parsing: bytes, rootLevel: 2)
      return bytes
    } catch {
      throw .usage("--context", "is not JSON: \(error.description)", hint: #"--context '{"state": "xyz"}'"#)
    }
  }

  /// A fault of the event in the words of the command line.
  private static func failure(_ fault: Malformation) -> CommandFailure {
    let option = optionsByPointer.first { fault.pointer.hasPrefix($0.pointer) }?.option ?? "the request"
    let sentence = fault.sentence.hasSuffix(".") ? String(fault.sentence.dropLast()) : fault.sentence
    return .usage(option, "\(sentence) (\(fault.reason.rawValue))", hint: "linkworker help submit")
  }

  private static let optionsByPointer: [(pointer: String, option: String)] = [
    ("/id", "--id"), ("/source", "--source"), ("/time", "--time"), ("/data/userId", "--user"),
    ("/data/brokerNames", "--broker"), ("/data/ctidTraderAccountIds", "--account"),
    ("/data/idempotencyKey", "--idempotency-key"), ("/data/deadline", "--deadline"), ("/data/context", "--context"),
  ]
}
