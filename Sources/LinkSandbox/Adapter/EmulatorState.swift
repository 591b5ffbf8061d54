import LinkCore

/// What the emulator remembers: counts, rules, rates, an outage, its credential and revocations.
struct EmulatorState {
  var ledger: EmulatorLedger
  var credential: [UInt8]
  var rates: EmulatorRates
  /// Nil while there is none.
  var outage: EmulatorOutage?
  private var rules: [Int64: VersionedRule]
  private var ruleForAll: VersionedRule?
  private var ruleVersion = 1
  /// Revoked tokens by id, with the moment after which they would be dead anyway.
  private var revoked: [Text: Timestamp] = [:]
  private var serial: UInt64 = 0
  private let dice: EmulatorDice
  private let latency: EmulatorLatency

  private static let revocationLimit = 1_000_000

  /// A rule, and by its version which of the failures counted so far are its own.
  private struct VersionedRule {
    var rule: EmulatorRule
    var version: Int
  }

  init(_ configuration: AdapterEmulatorConfiguration) {
    ledger = EmulatorLedger(
      userLimit: configuration.userLimit, bodyLimit: configuration.bodyLimit,
      bodyLimitOfUser: configuration.bodyLimitOfUser)
    credential = configuration.credential.reveal()
    rules = configuration.rules.mapValues { VersionedRule(rule: $0, version: 0) }
    ruleForAll = configuration.ruleForAll.map { VersionedRule(rule: $0, version: 0) }
    rates = configuration.rates
    outage = configuration.outage
    dice = EmulatorDice(seed: configuration.seed)
    latency = EmulatorLatency(configuration)
  }

  /// How this call of the user fails, if it does: by the user's rule, else by the rule for all, else by the rates.
  mutating func failure(of userId: Int64, call: Int, now: Timestamp) -> EmulatorRule.Failure? {
    guard let versioned = rules[userId] ?? ruleForAll else {
      return settle(rates.failure(ofUser: userId, call: call, dice, now: now), userId, call)
    }
    guard let failure = versioned.rule.failure else { return nil }
    if let limit = versioned.rule.failFirst,
      !ledger.takeFailure(userId: userId, limit: limit, ruleVersion: versioned.version)
    {
      return nil
    }
    return settle(failure, userId, call)
  }

  /// Which garbage it is.
  private func settle(_ failure: EmulatorRule.Failure?, _ userId: Int64, _ call: Int) -> EmulatorRule.Failure? {
    guard failure == .fault(.garbage) else { return failure }
    var random = dice.numbers(.garbage, ofUser: userId, call: call)
    let kinds: [EmulatorRule.Fault] = [.notJSON, .noS, .empty]
    return .fault(kinds[Int(random.next() % UInt64(kinds.count))])
  }

  /// How long this call's answer takes.
  func delay(for userId: Int64, call: Int) -> Milliseconds {
    var random = dice.numbers(.latency, ofUser: userId, call: call)
    return latency.next(&random, base: (rules[userId] ?? ruleForAll)?.rule.latency)
  }

  /// Numbers the calls.
  mutating func nextSerial() -> UInt64 {
    serial += 1
    return serial
  }

  mutating func setRule(_ rule: EmulatorRule?, for userId: Int64?) {
    ruleVersion += 1
    let versioned = rule.map { VersionedRule(rule: $0, version: ruleVersion) }
    if let userId { rules[userId] = versioned } else { ruleForAll = versioned }
  }

  /// Keeps a revocation for the rest of the token's life; false where too many are kept.
  mutating func revoke(_ claims: TokenClaims, now: Timestamp) -> Bool {
    if revoked.count >= Self.revocationLimit { revoked = revoked.filter { $0.value > now } }
    guard revoked.count < Self.revocationLimit else { return false }
    revoked[claims.id] = claims.expiresAt
    return true
  }

  func isRevoked(_ claims: TokenClaims) -> Bool { revoked[claims.id] != nil }

  /// Forgets counts, bodies, rules and rates, and ends an outage.
  mutating func reset() {
    ledger.reset()
    rules = [:]
    ruleForAll = nil
    rates = EmulatorRates()
    outage = nil
  }
}
