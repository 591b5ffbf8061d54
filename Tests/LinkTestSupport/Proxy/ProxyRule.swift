/// What a proxy does to requests of one kind, or to their answers.
public struct ProxyRule: Sendable {
  /// Which way is meant.
  public enum Side: Sendable { case request, answer }

  /// What happens.
  public enum Fault: Hashable, Sendable {
    /// It comes so many seconds later, and so does what is behind it on its connection. With `closes` a request's connection breaks at once, and the
    /// request still comes.
    case delay(Double)
    /// It never comes.
    case drop
    /// It comes twice; of a request the second answer is kept back.
    case duplicate
    /// Its connection breaks, and the request still comes: when the next one of this kind is on its way, and before that one.
    case holdUntil(KafkaAPI)
    /// Its answer says this error code whatever the broker did: of AddOffsetsToTxn and EndTxn alone.
    case refuse(Int16)
  }

  /// Of which kind.
  public var api: KafkaAPI
  /// Of EndTxn: only those that commit, or that do not.
  public var isCommit: Bool?
  /// The request itself or its answer.
  public var side: Side
  /// What happens to it.
  public var fault: Fault
  /// Whether the connection breaks as well; the broker has a request by then whose answer is meant.
  public var closes: Bool
  /// How many such requests pass first.
  public var skipped: Int
  /// How many are hit afterwards, one after the other.
  public var count: Int

  /// A rule.
  public init(
    _ api: KafkaAPI, isCommit: Bool? = nil, _ side: Side, _ fault: Fault, closes: Bool = false, skipped: Int = 0,
    count: Int = 1
  ) {
    self.api = api
    self.isCommit = isCommit
    self.side = side
    self.fault = fault
    self.closes = closes
    self.skipped = skipped
    self.count = count
  }

  /// Whether it is about such a request.
  func isAbout(_ request: KafkaRequest) -> Bool {
    request.api == api && (isCommit == nil || isCommit == request.isCommit)
  }
}

/// A rule in force, and what it has done.
struct RuleInForce {
  let id: Int
  let rule: ProxyRule
  private var seen = 0
  /// How often it has hit.
  private(set) var hits = 0

  init(id: Int, _ rule: ProxyRule) {
    self.id = id
    self.rule = rule
  }

  /// Counts a request; whether it is hit.
  mutating func meets(_ request: KafkaRequest) -> Bool {
    guard rule.isAbout(request) else { return false }
    seen += 1
    guard seen > rule.skipped, hits < rule.count else { return false }
    hits += 1
    return true
  }
}
