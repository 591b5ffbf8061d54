import LinkCore

/// How often an emulator answers with errors that nobody's rule asks for. None unless given.
///
/// A rate is a share of the calls of the users that no rule covers; that of 403 is a share of those *users*, each of whom is answered 403
/// always: an adapter forbids a user, not a call.
public struct EmulatorRates: Equatable, Sendable {
  /// The share of each class, 0 to 1; together at most 1.
  public var shares: [EmulatorErrorClass: Double]
  /// What status 429 comes with; `Retry-After: 1` unless given.
  public var retryAfter: EmulatorRetryAfter

  /// No errors, or these.
  public init(_ shares: [EmulatorErrorClass: Double] = [:], retryAfter: EmulatorRetryAfter = .seconds(1)) {
    self.shares = shares
    self.retryAfter = retryAfter
  }

  /// Throws the class whose share is out of range, or says that they are too much together.
  public func check() throws(SandboxFailure) {
    func failure(_ subject: String, _ problem: String, _ hint: String) -> SandboxFailure {
      SandboxFailure("set error rates", subject, problem, hint: hint)
    }
    for (kind, share) in ordered {
      if case .status(let status) = kind, !(400...599).contains(status) {
        throw failure(kind.name, "it is no status of an error", "400 to 599")
      }
      guard (0...1).contains(share) else { throw failure(kind.name, "the rate is out of range", "0 to 1") }
    }
    // So many decimal fractions do not add up exactly.
    guard shares.values.reduce(0, +) <= 1 + 1e-9 else {
      throw failure("all classes", "the rates are more than 1 together", "rates that leave room for each other")
    }
  }

  /// By name: what a seed gives does not depend on the order in which the rates were told.
  var ordered: [(kind: EmulatorErrorClass, share: Double)] {
    shares.map { (kind: $0.key, share: $0.value) }.sorted { $0.kind.name < $1.kind.name }
  }

  /// How one call goes wrong, if it does.
  func failure(ofUser userId: Int64, call: Int, _ dice: EmulatorDice, now: Timestamp) -> EmulatorRule.Failure? {
    guard !shares.isEmpty else { return nil }
    var ofUser = dice.numbers(.user, ofUser: userId)
    if let forbidden = shares[.status(403)], ofUser.unit() < forbidden { return .status(403) }
    var random = dice.numbers(.failure, ofUser: userId, call: call)
    let place = random.unit()
    var end = 0.0
    for (kind, share) in ordered where kind != .status(403) {
      end += share
      if place < end { return kind.failure(&random, retryAfter, now: now) }
    }
    return nil
  }
}
