import LinkCore

/// What the emulator remembers: counts, rules, its credential and revocations.
struct EmulatorState {
  var ledger: EmulatorLedger
  var credential: [UInt8]
  private var rules: [Int64: VersionedRule]
  private var ruleForAll: VersionedRule?
  private var ruleVersion = 1
  /// Revoked tokens by id, with the moment after which they would be dead anyway.
  private var revoked: [Text: Timestamp] = [:]
  private var serial: UInt64 = 0
  private var random: SeededRandom

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
    random = SeededRandom(seed: configuration.seed)
  }

  /// How this call of the user fails, if it does.
  mutating func failure(of userId: Int64) -> EmulatorRule.Failure? {
    guard let versioned = rules[userId] ?? ruleForAll, let failure = versioned.rule.failure else { return nil }
    guard let limit = versioned.rule.failFirst else { return failure }
    return ledger.takeFailure(userId: userId, limit: limit, ruleVersion: versioned.version) ? failure : nil
  }

  /// How long this call's answer takes.
  mutating func delay(for userId: Int64, latency: Milliseconds, jitter: Milliseconds) -> Milliseconds {
    let latency = (rules[userId] ?? ruleForAll)?.rule.latency ?? latency
    return latency + (jitter > 0 ? Int64(random.next() % UInt64(jitter + 1)) : 0)
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

  /// Forgets counts, bodies and rules.
  mutating func reset() {
    ledger.reset()
    rules = [:]
    ruleForAll = nil
  }
}
