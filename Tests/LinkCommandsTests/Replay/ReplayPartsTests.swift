import LinkCore
import LinkKafka
import Testing

@testable import LinkCommands

@Suite("What replay is made of")
struct ReplayPartsTests {
  let now = Timestamp(milliseconds: 1_800_000_000_123)

  @Test("A job's name says when it began, and whoever types it has the same job")
  func jobName() throws {
    let job = ReplayJob(began: now, random: 71)
    #expect(job.name == "replay-20270115T080000Z-1z")
    #expect(job.began == Timestamp(milliseconds: 1_800_000_000_000))
    #expect(ReplayJob(name: job.name) == job)
    #expect(try #require(ReplayJob(name: "outage-2026.11_a")).began == nil)
    #expect(try #require(ReplayJob(name: "replay-20271315T080000Z-1z")).began == nil)
    for name in ["", "a/b", "a b", "é", String(repeating: "x", count: 101)] { #expect(ReplayJob(name: name) == nil) }
  }

  @Test("An event's id names job and link, and has at most 255 characters whatever the link's key is")
  func ids() {
    let job = ReplayJob(began: now, random: 71)
    let long = Text(String(repeating: "é", count: 511))
    #expect(job.id(for: key(1)) == "replay-20270115T080000Z-1z/1/k")
    let id = job.id(for: LinkKey(userId: 1, idempotencyKey: long))
    #expect(id.characterCount <= 255 && id.string.contains("/1/sha256:"))
    #expect(id != job.id(for: LinkKey(userId: 1, idempotencyKey: Text(long.string + "e"))))
  }

  @Test(
    "The worker reads from a job's event what was ordered, and the job finds its event again, but not another job's")
  func event() throws {
    var order = ReplayOrder(
      job: ReplayJob(began: now, random: 71), reason: "The \"adapter\" is back", operator: "anna@host",
      deadline: .span(60_000), isForced: true)
    let request = try #require(read(order))
    #expect(request.key == key(7) && request.reason == "The \"adapter\" is back" && request.operator == "anna@host")
    #expect(request.deadline == now + 60_000 && request.force)
    let trail = ReplayTrail(order.job, eventByteLimit: 65_536)
    #expect(trail.key(in: record(order)) == key(7))
    order.job = ReplayJob(began: now, random: 72)
    (order.deadline, order.isForced) = (nil, false)
    #expect(trail.key(in: record(order)) == nil)
    let other = try #require(read(order))
    #expect(other.deadline == nil && !other.force && other.id != request.id)
  }

  @Test(
    "A plan takes failed links longest waiting first, leaves out what would be refused, and nothing that was sent or accepted before"
  )
  func plan() throws {
    let job = ReplayJob(began: now, random: 71)
    let accepted = Link.AcceptedReplay(id: job.id(for: key(4)), at: now, reason: "r", operator: "o")
    let other = Link.AcceptedReplay(id: "x", at: now, reason: "r", operator: "o")
    let links = [
      failed(1, at: 30), failed(2, at: 10, .attemptsExhausted), failed(3, at: 20),
      failed(4, at: 5, replays: [accepted]), failed(5, at: 6, replays: [other, other]),
    ]
    var plan = ReplayPlan(isNamed: false, sent: [key(3)])
    for link in links { plan.take(ReplayCandidate(link, in: job, limit: 2, isForced: false)) }
    #expect(plan.keys == [key(2), key(1)] && plan.sentCount == 2 && plan.leftOutCount == 1)
    #expect(plan.refused == [.overLimit: 1] && plan.codes == [.deadlineExceeded: 1, .attemptsExhausted: 1])
    let preview = ReplayPreview(plan: plan, limit: 2)
    #expect(
      preview.text == [
        "would be replayed: 2 links", "  by code", "    attempts_exhausted  1", "    deadline_exceeded   1",
        "  by user",
        "    1  1", "    2  1", "  by broker", "    \"northwind\"  2", "left out: 1 link, over replay.limit (2)",
        "asked for by this job already: 2 links",
      ])
    #expect(preview.phrase == "2 links (attempts_exhausted 1, deadline_exceeded 1)")
    #expect(preview.leftOut?.hint.hasPrefix("--force") == true)
    let json = try JSONValue(parsing: preview.json.bytes)["dryRun"]
    #expect(json?["links"]?.integer == 2 && json?["sentBefore"]?.integer == 2)
    #expect(json?["refused"]?.children.compactMap { $0["why"]?.text } == ["over-limit"])
    #expect(json?["users"]?.children.compactMap { $0["userId"]?.integer } == [1, 2])

    var forced = ReplayPlan(isNamed: false, sent: [])
    forced.take(ReplayCandidate(links[4], in: job, limit: 2, isForced: true))
    #expect(forced.count == 1 && forced.leftOutCount == 0)
  }

  @Test("More links than a job may have end the reading, also where most of them would be left out")
  func tooMany() {
    let job = ReplayJob(began: now, random: 71)
    let accepted = Link.AcceptedReplay(id: "x", at: now, reason: "r", operator: "o")
    let links = (1...3 as ClosedRange<Int64>).map {
      ReplayCandidate(failed($0, at: 5, replays: [accepted]), in: job, limit: 1, isForced: false)
    }
    var candidates = ReplayCandidates(limit: 5)
    #expect(candidates.take(links) && !candidates.isCut)
    #expect(!candidates.take(links) && candidates.isCut && candidates.found.count == 6)
    var full = ReplayCandidates(limit: 3)
    #expect(full.take(links) && !full.isCut)
  }

  @Test("A new job takes what failed by a clock that is ahead, and goes on with the same links")
  func clocks() throws {
    let options = try options()
    guard case .fitting(let filter) = options.selection else { throw Malformation(.notJSON, "named") }
    #expect(filter.until == nil && filter.states == [.failed])
    func until(_ newest: Timestamp?) -> String? {
      let words = options.wordsToGoOn(newest: newest)
      return words.firstIndex(of: "--until").map { words[$0 + 1] }
    }
    #expect(until(now + 5_000) == (now + 5_001).rfc3339)
    #expect(until(now + -5_000) == now.rfc3339 && until(nil) == now.rfc3339)
    let resumed = try self.options("--job", "j")
    guard case .fitting(let filter) = resumed.selection else { throw Malformation(.notJSON, "named") }
    #expect(filter.until == now)
  }

  @Test("What is sent, rejected, not sent and unknown comes to all links, and a rejected request names its link")
  func account() throws {
    let keys = (1...4 as ClosedRange<Int64>).map(key)
    let input = SubmitInput(links: keys, job: "j") { _ in [] }
    #expect(input.link(of: 4) == key(4) && input.link(of: 5) == nil)
    var ledger = SubmitLedger()
    for line in 1...3 {
      ledger.read(InputLine(number: line, bytes: [], end: Int64(line)))
      if line == 3 {
        ledger.reject()
      } else {
        ledger.send(.init(line: line, id: "i", source: "s", key: key(1), extent: 1))
      }
    }
    _ = ledger.settle(.init(tag: 1, fate: .written(partition: 0, offset: 1)))
    _ = ledger.settle(.init(tag: 2, fate: .lost(KafkaFailure("write", "", code: -151), mayBeWritten: true)))
    let voice = SubmitVoice(name: "job j", isJSON: true, input: .links, try invocation([]))
    let json = voice.summary(ledger, ofLinks: 4, wait: nil, isInterrupted: false)
    let summary = try JSONValue(parsing: json.bytes)["summary"]
    let counts = ["sent", "rejected", "notSent", "unknown"].compactMap { summary?[$0]?.integer }
    #expect(counts == [1, 1, 1, 1] && summary?["links"]?.integer == 4)
    var refused = SubmitLedger()
    refused.reject()
    let verdict = SubmitVerdict(
      name: "job j", path: "job j", input: .links, size: 4, ledger: refused, isInterrupted: false,
      isAllOrNothing: false)
    #expect(verdict.failure?.exitCode == .found)
    #expect(verdict.failure?.lines.first?.reason == "1 replay request would be refused and not sent")
  }

  @Test("Links that are named are asked for whatever is known of them: the word is the worker's")
  func named() {
    let job = ReplayJob(began: now, random: 71)
    var plan = ReplayPlan(isNamed: true, sent: [])
    plan.take(ReplayCandidate(unknown: key(1)))
    plan.take(ReplayCandidate(.sample(user: 2, key: "k", .succeeded(at: now)), in: job, limit: 2, isForced: false))
    plan.take(ReplayCandidate(.sample(user: 3, key: "k", .scheduled(due: now)), in: job, limit: 2, isForced: false))
    #expect(plan.count == 3 && plan.leftOutCount == 0)
    #expect(plan.refused == [.unknown: 1, .succeeded: 1, .waiting: 1])
  }

  @Test("Of links that are named it is said beforehand which the worker would refuse, and what helps")
  func refusal() {
    let job = ReplayJob(began: now, random: 71)
    func refusal(isNamed: Bool = true, isForced: Bool = false, _ links: [Link]) -> String? {
      var plan = ReplayPlan(isNamed: isNamed, sent: [])
      for link in links { plan.take(ReplayCandidate(link, in: job, limit: 1, isForced: isForced)) }
      return ReplayPreview(plan: plan, limit: 1).refusal?.description
    }
    let other = Link.AcceptedReplay(id: "x", at: now, reason: "r", operator: "o")
    let replayed = failed(4, at: 5, replays: [other])
    let ended = (2...3).map { Link.sample(user: $0, key: "k", .succeeded(at: now)) }
    #expect(
      refusal([failed(1, at: 5)] + ended + [.sample(user: 5, key: "k", .scheduled(due: now))])
        == "linkworker: replay: would be refused: 2 links, succeeded already; 1 link, waiting for the next attempt. "
        + "Try: --watch, which tells what the worker says of each")
    #expect(refusal([replayed])?.hasSuffix(". Try: --force, where a further replay of them is meant") == true)
    #expect(refusal(isForced: true, [replayed]) == nil && refusal([failed(1, at: 5)]) == nil)
    #expect(refusal(isNamed: false, ended) == nil)
    // What this job has done itself is no refusal.
    let own = Link.AcceptedReplay(id: job.id(for: key(6)), at: now, reason: "r", operator: "o")
    #expect(refusal([.sample(user: 6, key: "k", .succeeded(at: now), replays: [own])]) == nil)
  }

  @Test("The first line of a job is one line, whatever line ends and escapes its reason has")
  func announcement() throws {
    let command = CommandWords(
      try invocation(["--reason", "back\n\u{1B}[2Jagain\u{2028}", "--yes"]), repeating: ReplayOptions.repeated
    ).text
    #expect(command.hasSuffix("replay --reason 'back\n\u{1B}[2Jagain\u{2028}' --yes"))
    let line = ReplayPreview.announcement(of: "j", 1, command)
    #expect(line.hasPrefix("job j: 1 link; after an interruption it goes on with: "))
    #expect(line.hasSuffix(#"replay --reason 'back\n\u001b[2Jagain\u2028' --yes"#), "\(line)")
  }

  @Test("--state failed is what replay does without it")
  func state() throws {
    guard case .fitting(let named) = try options("--state", "failed", "--code", "deadline_exceeded").selection,
      case .fitting(let unnamed) = try options("--code", "deadline_exceeded").selection
    else { throw Malformation(.notJSON, "named") }
    #expect(named == unnamed && named.states == [.failed])
  }

  @Test("An interruption says how many requests are sent, not sent and unknown, and the command that goes on")
  func interruption() {
    var ledger = SubmitLedger()
    for line in 1...5 {
      ledger.read(InputLine(number: line, bytes: [], end: Int64(line)))
      ledger.send(.init(line: line, id: "i", source: "s", key: key(Int64(line)), extent: 1))
    }
    for line in 1...3 { _ = ledger.settle(.init(tag: line, fate: .written(partition: 0, offset: Int64(line)))) }
    let purged = KafkaFailure("write", "", code: -152)
    _ = ledger.settle(.init(tag: 4, fate: .lost(purged, mayBeWritten: false)))
    _ = ledger.settle(.init(tag: 5, fate: .lost(KafkaFailure("write", "", code: -151), mayBeWritten: true)))
    #expect(ledger.pendingExtent == 0)
    let verdict = SubmitVerdict(
      name: "job j", path: "job j", input: .links, size: 9, ledger: ledger, isInterrupted: true,
      isAllOrNothing: false, command: "linkworker replay --job j")
    let lines = verdict.failure?.lines ?? []
    #expect(verdict.failure?.exitCode == .interrupted)
    #expect(
      lines.first?.reason
        == "interrupted; replay requests of 9 links: 3 sent, 0 rejected, 5 not sent, 1 unknown")
    #expect(lines.last?.reason.hasPrefix("2 replay requests not acknowledged; Kafka may have 1 of them") == true)
    #expect(lines.last?.hint.hasSuffix("linkworker replay --job j") == true)
  }

  @Test("Whoever calls replay is named: the caller of sudo first")
  func operators() {
    #expect(ReplayOperator.name(["SUDO_USER": "anna", "USER": "root"]).hasPrefix("anna@"))
    #expect(ReplayOperator.name(["USER": "", "LOGNAME": "bo"]).hasPrefix("bo@"))
    #expect(ReplayOperator.name([:]).hasPrefix("uid-"))
  }

  private func invocation(_ words: [String]) throws -> Invocation {
    let request = try CommandParser(commands: [ReplayCommand.definition], environment: [:]).parse(["replay"] + words)
    guard case .run(let invocation) = request else { throw Malformation(.notJSON, "no run") }
    return invocation
  }

  private func options(_ words: String...) throws -> ReplayOptions {
    try ReplayOptions(try invocation(["--reason", "r"] + words), now: now, random: 71)
  }

  private func key(_ user: Int64) -> LinkKey { LinkKey(userId: user, idempotencyKey: "k") }

  private func failed(
    _ user: Int64, at: Int64, _ code: FailureCode = .deadlineExceeded, replays: [Link.AcceptedReplay] = []
  ) -> Link {
    .sample(user: user, key: "k", .failed(at: Timestamp(milliseconds: at), code: code), replays: replays)
  }

  private func record(_ order: ReplayOrder) -> SourceRecord {
    SourceRecord(
      partition: 0, offset: 0, timestamp: now, key: nil, value: order.event(for: key(7), time: now),
      headers: RequestCheck.headers)
  }

  private func read(_ order: ReplayOrder) -> ReplayRequest? {
    guard case .replay(let request) = RequestReader().read(record(order)) else { return nil }
    return request
  }
}
