import LinkCore
public import LinkSandbox

extension Traffic {
  /// Which refusals may be there more than once, each time with the id of the first.
  public enum Repeats: Sendable {
    /// None of them.
    case none
    /// All of them, and dead letters: the group's offsets were set back below where the marks are.
    case any
  }

  /// What does not add up of all that came of the traffic, link by link, a sentence each; none where all is as it has to be.
  ///
  /// - Parameters:
  ///   - logs: Of all workers, in which no secret may stand.
  ///   - deaths: How often a worker died without a word, or lost its store beside: each may have cost each link one call more.
  ///   - repeats: Which refusals may be there more than once.
  public func contradictions(
    in deployment: Deployment, _ emulator: AdapterEmulator, logs: [[UInt8]], deaths: Int = 0, repeats: Repeats = .none
  ) throws -> [String] {
    let outcomes = try deployment.outcomes()
    let proof = Proof(self)
    let byLink = proof.checkOutcomes(outcomes, emulator)
    proof.checkRefusals(outcomes, byLink, repeats: repeats)
    let deadLetters = try deployment.records(.deadLetters)
    proof.checkDeadLetters(deadLetters, repeats: repeats)
    proof.checkCalls(byLink, try calls(of: emulator), emulator.stats, deaths: deaths)
    proof.checkState(try deployment.liveState(), byLink)
    let leaks = Leaks(tokens: Array(outcomes.lazy.compactMap(\.token).prefix(1)))
    proof.expect(leaks.areAbsent(from: try deployment.records(.state)), "a secret is in the state topic")
    proof.expect(leaks.areAbsent(from: deadLetters), "a secret is in the dead letters")
    proof.expect(
      leaks.areAbsent(from: outcomes.filter { $0.isA("refused") }.map(\.record)), "a secret is in a refusal")
    for log in logs { proof.expect(leaks.areAbsent(from: log), "a secret is in a log") }
    return proof.contradictions
  }

  /// The calls that an emulator has had: by the account asked for, which tells the link, their places in the order of all calls.
  public func calls(of emulator: AdapterEmulator) throws -> [Int64: [Int]] {
    var calls: [Int64: [Int]] = [:]
    for (place, call) in emulator.bodies().enumerated() {
      let accounts = try JSONValue(parsing: call.body)["ctidTraderAccountIds"]
      guard let account = accounts?.children.compactMap(\.integer).first else {
        throw Missing("An account in a call of user \(call.userId)")
      }
      calls[account, default: []].append(place)
    }
    return calls
  }
}

/// Collects what does not add up.
private final class Proof {
  let traffic: Traffic
  private(set) var contradictions: [String] = []

  init(_ traffic: Traffic) { self.traffic = traffic }

  func expect(_ holds: Bool, _ contradiction: @autoclosure () -> String) {
    if !holds { contradictions.append(contradiction()) }
  }

  /// Exactly one outcome a link, and a token that grants what one request of the link asked for.
  func checkOutcomes(_ outcomes: [OutcomeEvent], _ emulator: AdapterEmulator) -> [LinkKey: OutcomeEvent] {
    var byLink: [LinkKey: OutcomeEvent] = [:]
    for outcome in outcomes where !outcome.isA("refused") {
      guard let key = outcome.linkKey else {
        contradictions.append("an outcome of no link: \(outcome.id)")
        continue
      }
      expect(byLink.updateValue(outcome, forKey: key) == nil, "\(key) has a second outcome")
    }
    expect(byLink.count == traffic.links.count, "\(byLink.count) links have outcomes, of \(traffic.links.count)")
    for link in traffic.links {
      guard let outcome = byLink[link.linkKey] else {
        contradictions.append("\(link.linkKey) has no outcome")
        continue
      }
      let asked = [link.accounts] + (traffic.rivals[link.linkKey].map { [$0.accounts] } ?? [])
      expect(asked.contains(outcome.accounts), "\(link.linkKey): the outcome is about \(outcome.accounts)")
      guard !Traffic.isRejected(link.userID) else {
        expect(
          outcome.isA("failed") && outcome.code == "adapter_rejected" && outcome.attempts == 1,
          "\(link.linkKey): \(outcome.type), \(outcome.code ?? "no code") after \(outcome.attempts ?? 0) attempts")
        continue
      }
      let claims = outcome.token.flatMap { emulator.verify($0) }
      expect(
        outcome.isA("token-ready") && claims?.userId == link.userID && claims?.accounts == .some(outcome.accounts),
        "\(link.linkKey): \(outcome.type) whose token grants \(claims.map { "\($0)" } ?? "nothing")")
    }
    return byLink
  }

  /// One refusal for each legible malformed request, and for that request of each conflict that came second.
  func checkRefusals(
    _ outcomes: [OutcomeEvent], _ byLink: [LinkKey: OutcomeEvent], repeats: Traffic.Repeats
  ) {
    let refusals = outcomes.filter { $0.isA("refused") }
    let invalid = refusals.filter { $0.code == "invalid_request" }
    let conflicts = refusals.filter { $0.code == "idempotency_conflict" }
    let losers = traffic.rivals.map { key, rival in
      byLink[key]?.requestID == rival.id ? String(rival.id.dropFirst("rival-".count)) : rival.id
    }
    expect(Set(invalid.map(\.requestID)) == traffic.legible, "the refusals of malformed requests are of others")
    expect(Set(conflicts.map(\.requestID)) == Set(losers), "the refusals of conflicts are of others")
    expect(invalid.count + conflicts.count == refusals.count, "a refusal has another code")
    let ids = Set(refusals.map(\.id)).count
    expect(
      ids == traffic.legible.count + traffic.rivals.count,
      "the refusals have \(ids) ids: a repeat has that of the first")
    guard repeats == .none else { return }
    expect(conflicts.count == traffic.rivals.count, "\(conflicts.count) conflicts, of \(traffic.rivals.count)")
    expect(invalid.count == traffic.legible.count, "\(invalid.count) invalid, of \(traffic.legible.count)")
  }

  func checkDeadLetters(_ records: [SourceRecord], repeats: Traffic.Repeats) {
    let name = Array("__connect.errors.exception.class.name".utf8)
    var reasons: [String: Set<[UInt8]>] = [:]
    for record in records {
      let reason = record.headers.first { $0.name == name }?.value ?? Array("no reason".utf8)
      reasons[String(decoding: reason, as: UTF8.self), default: []].insert(record.value ?? [])
    }
    let counts = reasons.mapValues(\.count)
    expect(
      counts == ["invalid_data": traffic.legible.count, "not_json": traffic.illegibleCount], "dead letters: \(counts)")
    guard repeats == .none else { return }
    expect(records.count == traffic.deadLetterCount, "\(records.count) dead letters, of \(traffic.deadLetterCount)")
  }

  /// A link has as many calls as its outcome says, and at most one more for each death; a user never two at once.
  func checkCalls(
    _ byLink: [LinkKey: OutcomeEvent], _ calls: [Int64: [Int]], _ stats: AdapterEmulatorStats, deaths: Int
  ) {
    for (key, outcome) in byLink {
      let attempts = Int(outcome.attempts ?? 0)
      let made = outcome.accounts.first.flatMap { calls[$0]?.count } ?? 0
      expect((attempts...attempts + deaths).contains(made), "\(key): \(made) calls, \(attempts) attempts")
    }
    let total = calls.values.reduce(0) { $0 + $1.count }
    expect(total == stats.calls, "\(total) calls are known, of \(stats.calls)")
    expect(
      calls.count == traffic.links.count,
      "\(calls.count) links were called for, not \(traffic.links.count): a rival that was refused, or what is malformed"
    )
    guard deaths == 0 else { return }
    expect(stats.concurrentMostOfOneUser == 1, "\(stats.concurrentMostOfOneUser) calls of one user at once")
  }

  /// A link has ended exactly when its outcome is visible.
  func checkState(_ live: [StateKey: StateRecord], _ byLink: [LinkKey: OutcomeEvent]) {
    var ended = 0
    for case .link(let link) in live.values {
      let outcome = byLink[link.key]
      switch link.state {
      case .succeeded: expect(outcome?.isA("token-ready") == true, "\(link.key) succeeded by the state alone")
      case .failed: expect(outcome?.isA("failed") == true, "\(link.key) failed by the state alone")
      case .scheduled: contradictions.append("\(link.key) waits")
      }
      ended += 1
    }
    expect(ended == byLink.count, "the state topic has \(ended) links, not \(byLink.count)")
  }
}
