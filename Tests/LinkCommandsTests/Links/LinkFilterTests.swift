import LinkCore
import Testing

@testable import LinkCommands

@Suite("A filter of links")
struct LinkFilterTests {
  private static let command = CommandDefinition(
    name: "pick", summary: "", about: "", options: [LinkFilter.stateOption] + LinkFilter.options, examples: [],
    exitCodes: []
  ) { _ throws(CommandFailure) in .ok }

  private static let now = Timestamp(milliseconds: 100_000_000)

  private func filter(_ options: String...) throws(CommandFailure) -> LinkFilter {
    let request = try CommandParser(commands: [Self.command], environment: [:]).parse(["pick"] + options)
    guard case .run(let invocation) = request else { throw CommandFailure(.ok, .init("", "", "no run", hint: "")) }
    return try LinkFilter(invocation, now: Self.now)
  }

  private func failure(_ options: String...) -> String {
    do {
      let request = try CommandParser(commands: [Self.command], environment: [:]).parse(["pick"] + options)
      guard case .run(let invocation) = request else { return "no run" }
      _ = try LinkFilter(invocation, now: Self.now)
      return ""
    } catch {
      #expect(error.exitCode == .usage)
      return error.lines.map(\.description).joined(separator: "\n")
    }
  }

  private static let scheduled = Link.sample(.scheduled(due: Timestamp(milliseconds: 9_000_000)))
  private static let succeeded = Link.sample(user: 7, .succeeded(at: Timestamp(milliseconds: 2_000_000)))
  private static let failed = Link.sample(
    user: 8, .failed(at: Timestamp(milliseconds: 3_000_000), code: .adapterRejected), brokers: ["a", "b"])

  private func picked(_ options: String...) throws(CommandFailure) -> [String] {
    let request = try CommandParser(commands: [Self.command], environment: [:]).parse(["pick"] + options)
    guard case .run(let invocation) = request else { return ["no run"] }
    let filter = try LinkFilter(invocation, now: Self.now)
    return [Self.scheduled, Self.succeeded, Self.failed].filter(filter.fits).map(\.stateName.rawValue)
  }

  @Test("of no options lets every link through")
  func empty() throws {
    #expect(try picked() == ["scheduled", "succeeded", "failed"])
    #expect(try filter() == LinkFilter())
  }

  @Test("lets through what fits each kind of option, and of one kind any value")
  func kinds() throws {
    #expect(try picked("--state", "failed") == ["failed"])
    #expect(try picked("--state", "failed", "--state", "scheduled") == ["scheduled", "failed"])
    #expect(try picked("--user", "7", "--user", "8") == ["succeeded", "failed"])
    #expect(try picked("--user", "7", "--state", "failed") == [])
    #expect(try picked("--broker", "b") == ["failed"])
    #expect(try picked("--broker", "northwind", "--broker", "a") == ["scheduled", "failed"])
    #expect(try picked("--broker", "B") == [])
    #expect(try picked("--code", "adapter_rejected") == ["failed"])
    #expect(try picked("--code", "user_forbidden") == [])
  }

  @Test("takes moments, and lengths of time back from now; the end does not fit any more")
  func moments() throws {
    // 2 000 000 ms after the epoch.
    #expect(try picked("--since", "1970-01-01T00:33:20Z") == ["succeeded", "failed"])
    #expect(try picked("--until", "1970-01-01T00:33:20Z") == ["scheduled"])
    #expect(try picked("--since", "98000s", "--until", "97000s") == ["succeeded"])
    #expect(try filter("--since", "2h").since == Timestamp(milliseconds: Self.now.milliseconds - 7_200_000))
  }

  @Test("goes by the last decision: an attempt, or the acceptance of a replay, where a link waits")
  func decisions() {
    var link = Self.scheduled
    #expect(link.decidedAt == link.origin.timestamp)
    link.attempts = [Attempt(at: Timestamp(milliseconds: 4_000_000), verdict: .transient, status: 503)]
    #expect(link.decidedAt == Timestamp(milliseconds: 4_000_000))
    link.replays = [.init(id: "x", at: Timestamp(milliseconds: 5_000_000), reason: "r", operator: "o")]
    #expect(link.decidedAt == Timestamp(milliseconds: 5_000_000))
    #expect(Self.failed.decidedAt == Timestamp(milliseconds: 3_000_000))
  }

  @Test("reads the users' home partitions alone")
  func partitions() throws {
    #expect(try filter().partitions(of: 3) == [0, 1, 2])
    let homes = Set([14601, 7].map { HomePartition.of(userId: $0, partitionCount: 12) }).sorted()
    #expect(try filter("--user", "14601", "--user", "7").partitions(of: 12) == homes)
  }

  @Test("says what it does not understand, and what never fits anything")
  func failures() {
    #expect(failure("--state", "faled").hasSuffix("did you mean failed? Try: failed"))
    #expect(failure("--code", "expired").contains("adapter_rejected, user_forbidden"))
    #expect(failure("--user", "0").contains("is not a whole number from 1 to 9223372036854775807"))
    #expect(failure("--since", "yesterday").contains("neither a moment with its offset from UTC nor a length of time"))
    #expect(failure("--since", "1h", "--until", "1h").contains("nothing lies between"))
    #expect(failure("--code", "adapter_rejected", "--state", "succeeded").contains("--state failed"))
    #expect(failure("--broker", "a", "--state", "succeeded").contains("has no request"))
  }

  @Test("A link's name is a user and, after the first slash, all of the key")
  func names() throws {
    #expect(try LinkName.key("14601/tv-9b1d") == LinkKey(userId: 14601, idempotencyKey: "tv-9b1d"))
    #expect(try LinkName.key("7//client-area/a#r 1") == LinkKey(userId: 7, idempotencyKey: "/client-area/a#r 1"))
    // An accent right after the slash belongs to the key.
    #expect(try LinkName.key("7/\u{301}a").idempotencyKey == "\u{301}a")
    for (name, reason) in [
      ("14601", "is no link"), ("x/k", "does not begin with a user"), ("0/k", "does not begin with a user"),
      ("-1/k", "does not begin with a user"), ("9223372036854775808/k", "does not begin with a user"),
      ("7/", "has no idempotency key"), ("", "is no link"),
    ] {
      let failure = #expect(throws: CommandFailure.self) { try LinkName.key(name) }
      #expect(failure?.exitCode == .usage && failure?.lines.first?.reason.contains(reason) == true, "\(name)")
    }
  }
}
