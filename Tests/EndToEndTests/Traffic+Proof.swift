import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension Traffic {
  /// Which refusals may be there more than once, each time with the id of the first.
  enum Repeats {
    /// None of them.
    case none
    /// All of them, and dead letters: the group's offsets were set back below where the marks are.
    case any
  }

  /// Proves that everything that came of the traffic adds up, link by link.
  ///
  /// - Parameters:
  ///   - deaths: How often a worker died without a word, or lost its store beside: each may have cost each link one call more.
  ///   - repeats: Which refusals may be there more than once.
  func prove(
    _ deployment: Deployment, _ emulator: AdapterEmulator, logs: [[UInt8]], deaths: Int = 0,
    repeats: Repeats = .none
  ) throws {
    let outcomes = try deployment.outcomes()
    let byLink = try proveOutcomes(outcomes, emulator)
    proveRefusals(outcomes, byLink, repeats: repeats)
    try proveDeadLetters(try deployment.records(.deadLetters), repeats: repeats)
    try proveCalls(byLink, emulator, deaths: deaths)
    try proveState(deployment)
    let leaks = Leaks(tokens: Array(outcomes.lazy.compactMap(\.token).prefix(1)))
    #expect(leaks.areAbsent(from: try deployment.records(.state)))
    #expect(leaks.areAbsent(from: try deployment.records(.deadLetters)))
    #expect(leaks.areAbsent(from: outcomes.filter { $0.isA("refused") }.map(\.record)))
    for log in logs { #expect(leaks.areAbsent(from: log)) }
  }

  /// Exactly one outcome a link, and a token that grants what one request of the link asked for.
  private func proveOutcomes(_ outcomes: [OutcomeEvent], _ emulator: AdapterEmulator) throws -> [LinkKey: OutcomeEvent]
  {
    var byLink: [LinkKey: OutcomeEvent] = [:]
    for outcome in outcomes where !outcome.isA("refused") {
      let key = try outcome.linkKey()
      #expect(byLink.updateValue(outcome, forKey: key) == nil, "\(key) has a second outcome")
    }
    #expect(byLink.count == links.count)
    for link in links {
      guard let outcome = byLink[LinkKey(link)] else {
        Issue.record("\(LinkKey(link)) has no outcome")
        continue
      }
      let asked = [link.accounts] + (rivals[LinkKey(link)].map { [$0.accounts] } ?? [])
      #expect(asked.contains(outcome.accounts))
      guard !Self.isRejected(link.userID) else {
        #expect(outcome.isA("failed") && outcome.code == "adapter_rejected" && outcome.attempts == 1)
        continue
      }
      let claims = outcome.token.flatMap { emulator.verify($0) }
      #expect(outcome.isA("token-ready") && claims?.userId == link.userID)
      #expect(claims?.accounts == .some(outcome.accounts))
    }
    return byLink
  }

  /// One refusal for each legible malformed request, and for that request of each conflict that came second.
  private func proveRefusals(_ outcomes: [OutcomeEvent], _ byLink: [LinkKey: OutcomeEvent], repeats: Repeats) {
    let refusals = outcomes.filter { $0.isA("refused") }
    let invalid = refusals.filter { $0.code == "invalid_request" }
    let conflicts = refusals.filter { $0.code == "idempotency_conflict" }
    let losers = rivals.map { key, rival in
      byLink[key]?.requestID == rival.id ? String(rival.id.dropFirst("rival-".count)) : rival.id
    }
    #expect(Set(invalid.map(\.requestID)) == legible)
    #expect(Set(conflicts.map(\.requestID)) == Set(losers))
    #expect(invalid.count + conflicts.count == refusals.count)
    #expect(Set(refusals.map(\.id)).count == legible.count + rivals.count, "a repeat has the id of the first")
    guard repeats == .none else { return }
    #expect(conflicts.count == rivals.count)
    #expect(invalid.count == legible.count)
  }

  private func proveDeadLetters(_ records: [SourceRecord], repeats: Repeats) throws {
    var reasons: [String: Set<[UInt8]>] = [:]
    for record in records {
      let name = Array("__connect.errors.exception.class.name".utf8)
      let reason = try #require(record.headers.first { $0.name == name }?.value)
      reasons[String(decoding: reason, as: UTF8.self), default: []].insert(record.value ?? [])
    }
    #expect(reasons.mapValues(\.count) == ["invalid_data": legible.count, "not_json": illegibleCount])
    if repeats != .any { #expect(records.count == deadLetterCount) }
  }

  /// A link has as many calls as its outcome says, and at most one more for each death; a user never two at once.
  private func proveCalls(_ byLink: [LinkKey: OutcomeEvent], _ emulator: AdapterEmulator, deaths: Int) throws {
    var calls: [Int64: [Int64: Int64]] = [:]
    for call in emulator.bodies() {
      let accounts = try JSONValue(parsing: call.body)["ctidTraderAccountIds"]
      let account = try #require(accounts?.children.compactMap(\.integer).first)
      calls[call.userId, default: [:]][account, default: 0] += 1
    }
    for (key, outcome) in byLink {
      let attempts = outcome.attempts ?? 0
      let made = calls[key.userId]?[outcome.accounts.first ?? 0] ?? 0
      #expect((attempts...attempts + Int64(deaths)).contains(made), "\(key): \(made) calls, \(attempts) attempts")
    }
    let total = calls.values.reduce(0) { $0 + $1.values.reduce(0, +) }
    #expect(total == Int64(emulator.stats.calls), "every call was counted")
    let called = calls.values.reduce(0) { $0 + $1.count }
    #expect(called == links.count, "nothing else was called for: no rival that was refused, nothing malformed")
    if deaths == 0 { #expect(emulator.stats.concurrentMostOfOneUser == 1) }
  }

  private func proveState(_ deployment: Deployment) throws {
    var succeeded = 0
    var failed = 0
    for case .link(let link) in try deployment.liveState().values {
      switch link.state {
      case .succeeded: succeeded += 1
      case .failed: failed += 1
      case .scheduled: Issue.record("\(link.key) waits")
      }
    }
    let rejected = links.count { Self.isRejected($0.userID) }
    #expect(succeeded == links.count - rejected && failed == rejected)
  }
}

extension OutcomeEvent {
  fileprivate func linkKey() throws -> LinkKey {
    LinkKey(userId: try #require(userID), idempotencyKey: Text(try #require(idempotencyKey)))
  }

  fileprivate var accounts: [Int64] { data["ctidTraderAccountIds"]?.children.compactMap(\.integer) ?? [] }
}
