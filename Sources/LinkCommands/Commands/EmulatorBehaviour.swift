import LinkCore
import LinkSandbox

/// How the command line tells an adapter emulator to treat its callers.
struct EmulatorBehaviour {
  private var latency = Latency()
  private var seed: UInt64
  private var rules: [Int64: EmulatorRule] = [:]

  private struct Latency {
    var base: Milliseconds = 0
    var jitter: Milliseconds = 0
    var top: Milliseconds?
  }

  static let options: [OptionDefinition] = [
    .value(
      "--latency-ms", "N",
      "How long answers take; default 0. A..B spreads them evenly, p50=A,p99=B gives them a service's long tail."),
    .value(
      "--fail-first", "USER=N[:STATUS]", repeatable: true,
      "The first N calls of this user are answered with an HTTP status from 300 to 599; default 503."),
    .value(
      "--reject", "USER[=ERRMSG]", repeatable: true,
      "All calls of this user are answered with s=error and this message."),
    .value(
      "--seed", "N", "What its chances are made of; default 1. The same seed gives a user's calls the same answers."),
  ]

  init(_ invocation: Invocation) throws(CommandFailure) {
    if let text = invocation.value("--latency-ms") {
      guard let read = Self.latency(text) else {
        throw .usage(
          "--latency-ms", "\(quoted(text)) is not N, A..B or p50=A,p99=B with A up to B, from 0 (1 for p50) to 3600000",
          hint: "--latency-ms 20..80")
      }
      latency = read
    }
    seed = UInt64(try invocation.integer("--seed", in: 0...Int.max) ?? 1)
    let retryAfter = invocation.value("--retry-after") ?? EmulatorRetryAfter.seconds(1).name
    for text in invocation.all("--fail-first") {
      guard let (userId, rule) = Self.failFirst(text, retryAfter: retryAfter) else {
        throw .usage(
          "--fail-first", "\(quoted(text)) is not USER=N or USER=N:STATUS with a STATUS from 300 to 599",
          hint: "--fail-first 4711=2:503")
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
    configuration.latency = latency.base
    configuration.jitter = latency.jitter
    configuration.latencyTop = latency.top
    configuration.seed = seed
    configuration.rules = rules
  }

  private mutating func add(_ rule: EmulatorRule, for userId: Int64, _ option: String) throws(CommandFailure) {
    guard rules.updateValue(rule, forKey: userId) == nil else {
      throw .usage(option, "user \(userId) has a rule already", hint: "one of --fail-first and --reject for a user")
    }
  }

  /// `N`, `A..B` or `p50=A,p99=B`
  private static func latency(_ text: String) -> Latency? {
    let range = 0...3_600_000
    if let whole = number(text[...], in: range) { return Latency(base: Milliseconds(whole)) }
    let isTail = text.hasPrefix("p50=")
    let ends = isTail ? text.dropFirst(4).split(separator: ",p99=") : text.split(separator: "..")
    guard ends.count == 2, let low = number(ends[0], in: range), let high = number(ends[1], in: range), low <= high,
      !isTail || low > 0
    else { return nil }
    return isTail
      ? Latency(base: Milliseconds(low), top: Milliseconds(high))
      : Latency(base: Milliseconds(low), jitter: Milliseconds(high - low))
  }

  /// `USER=N[:STATUS]`; 429 comes with a `Retry-After`.
  private static func failFirst(_ text: String, retryAfter: String) -> (Int64, EmulatorRule)? {
    let parts = text.split(separator: "=", omittingEmptySubsequences: false)
    guard parts.count == 2, let userId = userId(parts[0]) else { return nil }
    let numbers = parts[1].split(separator: ":", omittingEmptySubsequences: false)
    guard (1...2).contains(numbers.count), let count = number(numbers[0], in: 0...1_000_000_000) else { return nil }
    var status = 503
    if numbers.count == 2 {
      guard let given = number(numbers[1], in: 300...599) else { return nil }
      status = given
    }
    return (
      userId, EmulatorRule(failure: .status(status, retryAfter: status == 429 ? retryAfter : nil), failFirst: count)
    )
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
