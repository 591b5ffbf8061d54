import LinkCore
import LinkSandbox

/// How the command line tells an adapter emulator to treat its callers.
struct EmulatorBehaviour {
  private var latency: Milliseconds
  private var seed: UInt64
  private var rules: [Int64: EmulatorRule] = [:]

  static let options: [OptionDefinition] = [
    .value("--latency-ms", "N", "How long every answer takes; default 0."),
    .value(
      "--fail-first", "USER=N[:STATUS]", repeatable: true,
      "The first N calls of this user are answered with an HTTP status; default 503."),
    .value(
      "--reject", "USER[=ERRMSG]", repeatable: true,
      "All calls of this user are answered with s=error and this message."),
    .value("--seed", "N", "What its random numbers are made of; default 1. The same seed gives the same sequence."),
  ]

  init(_ invocation: Invocation) throws(CommandFailure) {
    latency = Milliseconds(try invocation.integer("--latency-ms", in: 0...3_600_000) ?? 0)
    seed = UInt64(try invocation.integer("--seed", in: 0...Int.max) ?? 1)
    for text in invocation.all("--fail-first") {
      guard let (userId, rule) = Self.failFirst(text) else {
        throw .usage("--fail-first", "\(quoted(text)) is not USER=N or USER=N:STATUS", hint: "--fail-first 4711=2:503")
      }
      try add(rule, for: userId, "--fail-first")
    }
    for text in invocation.all("--reject") {
      guard let (userId, rule) = Self.reject(text) else {
        throw .usage(
          "--reject", "\(quoted(text)) is not USER or USER=ERRMSG", hint: "--reject 4711=\"Account is blocked\"")
      }
      try add(rule, for: userId, "--reject")
    }
  }

  /// Puts it into a configuration.
  func apply(to configuration: inout AdapterEmulatorConfiguration) {
    configuration.latency = latency
    configuration.seed = seed
    configuration.rules = rules
  }

  private mutating func add(_ rule: EmulatorRule, for userId: Int64, _ option: String) throws(CommandFailure) {
    guard rules.updateValue(rule, forKey: userId) == nil else {
      throw .usage(option, "user \(userId) has a rule already", hint: "one of --fail-first and --reject for a user")
    }
  }

  /// `USER=N[:STATUS]`
  private static func failFirst(_ text: String) -> (Int64, EmulatorRule)? {
    let parts = text.split(separator: "=", omittingEmptySubsequences: false)
    guard parts.count == 2, let userId = userId(parts[0]) else { return nil }
    let numbers = parts[1].split(separator: ":", omittingEmptySubsequences: false)
    guard (1...2).contains(numbers.count), let count = number(numbers[0], in: 0...1_000_000_000) else { return nil }
    var status = 503
    if numbers.count == 2 {
      guard let given = number(numbers[1], in: 200...599) else { return nil }
      status = given
    }
    return (userId, EmulatorRule(failure: .status(status), failFirst: count))
  }

  /// `USER[=ERRMSG]`
  private static func reject(_ text: String) -> (Int64, EmulatorRule)? {
    let user = text.prefix { $0 != "=" }
    guard let userId = userId(user) else { return nil }
    let message = text.dropFirst(user.count + 1)
    return (userId, EmulatorRule(failure: .rejected(errmsg: message.isEmpty ? "Rejected" : String(message))))
  }

  private static func userId(_ text: Substring) -> Int64? { number(text, in: 1...Int.max).map(Int64.init) }

  private static func number(_ text: Substring, in range: ClosedRange<Int>) -> Int? {
    guard text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let number = Int(text), range.contains(number) else {
      return nil
    }
    return number
  }
}
