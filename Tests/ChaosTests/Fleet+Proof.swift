import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension Fleet {
  /// What the proof has counted.
  struct Account: CustomStringConvertible {
    /// Links, each with one outcome.
    var links = 0
    /// Calls in all.
    var calls = 0
    /// Calls beyond a link's attempts.
    var extraCalls = 0
    /// How many such calls the losses explain: for each link the times that its partition changed hands, or a worker was killed, before its outcome.
    var extraBound = 0
    /// How often a partition was opened by a worker.
    var openings = 0
    /// The longest time between two outcomes, in milliseconds.
    var longestGap: Milliseconds = 0
    /// What `linkworker audit` said.
    var audit = ""

    var description: String {
      "\(links) links, \(calls) calls, \(extraCalls) extra of at most \(extraBound), \(openings) openings, longest gap \(longestGap) ms; audit \(audit)"
    }
  }

  /// Proves by the outcomes, the adapter's calls, the state topic, the group's offsets and `linkworker audit` that each link has exactly one end.
  ///
  /// A link's calls are at most its attempts and one for each loss of its partition, or death of a worker, while it was under way (P3).
  @discardableResult
  func prove() throws -> Account {
    var account = Account()
    let outcomes = try deployment.outcomes()
    var byUser: [Int64: OutcomeEvent] = [:]
    for outcome in outcomes {
      let user = try #require(outcome.userID)
      #expect(byUser.updateValue(outcome, forKey: user) == nil, "User \(user) has a second outcome.")
    }
    #expect(byUser.count == requests.count)
    let openings = laneOpenings()
    account.openings = openings.values.reduce(0) { $0 + $1.count }
    for asked in requests {
      let user = asked.request.userID
      guard let outcome = byUser[user] else {
        Issue.record("User \(user) has no outcome.")
        continue
      }
      proveToken(outcome, asked.request)
      let calls = callCount(of: user)
      let attempts = Int(outcome.attempts ?? 0)
      let end = outcome.record.timestamp
      let losses = (openings[home(of: user)] ?? []).count { asked.at < $0 && $0 <= end }
      let deaths = kills.count { asked.at < $0 && $0 <= end }
      #expect(
        (1...attempts + losses + deaths).contains(calls),
        "User \(user): \(calls) calls, \(attempts) attempts, \(losses) losses, \(deaths) deaths")
      account.links += 1
      account.calls += calls
      account.extraCalls += max(calls - attempts, 0)
      account.extraBound += losses + deaths
    }
    let stats = emulator.stats
    #expect(account.calls == stats.calls + (stats.answersByClass[.outage] ?? 0), "Nobody else was called for.")
    let times = outcomes.map(\.record.timestamp).sorted()
    account.longestGap = zip(times, times.dropFirst()).map { $1 - $0 }.max() ?? 0
    try proveState()
    let audit = try deployment.audit()
    #expect(audit.isClean, "\(audit)")
    account.audit = audit.description
    return account
  }

  /// When each partition was opened by a worker, as far as the logs tell.
  func laneOpenings() -> [Int32: [Timestamp]] {
    var openings: [Int32: [Timestamp]] = [:]
    for entry in workers.flatMap({ $0.log("lane.opened") }) {
      guard let partition = entry.json["partition"]?.integer, let time = entry.time else { continue }
      openings[Int32(partition), default: []].append(time)
    }
    return openings
  }

  private func proveToken(_ outcome: OutcomeEvent, _ request: RequestEvent) {
    let claims = outcome.token.flatMap { emulator.verify($0) }
    #expect(outcome.isA("token-ready") && claims?.userId == request.userID && outcome.requestID == request.id)
    #expect(claims?.accounts == .some(outcome.accounts) && outcome.accounts == request.accounts)
  }

  /// The state topic and the committed offsets say the same as the outcomes.
  private func proveState() throws {
    var succeeded: Set<LinkKey> = []
    for case .link(let link) in try deployment.liveState().values {
      guard case .succeeded = link.state else {
        Issue.record("\(link.key) is done, and its state says \(link.state)")
        continue
      }
      succeeded.insert(link.key)
    }
    #expect(
      succeeded
        == Set(requests.map { LinkKey(userId: $0.request.userID, idempotencyKey: Text($0.request.idempotencyKey)) }))
    #expect(try deployment.offsets().allSatisfy { $0.committed == $0.end })
  }
}

extension OutcomeEvent {
  /// The accounts that it grants.
  fileprivate var accounts: [Int64] { data["ctidTraderAccountIds"]?.children.compactMap(\.integer) ?? [] }
}
