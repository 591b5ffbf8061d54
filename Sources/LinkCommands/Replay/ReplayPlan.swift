import LinkCore

/// Which links a job is to replay, and what is to be said of them beforehand. Pure.
struct ReplayPlan {
  /// Links of one job at most: their keys are in memory.
  static let linkLimit = 1_000_000

  /// Whether links were named one by one: then also those are asked for of which the worker is known to refuse it, for the word is its own.
  let isNamed: Bool
  /// Links whose event of this job is in the requests topic.
  private let sent: Set<LinkKey>
  private var targets: [Target] = []
  /// How many of those to be replayed have failed with each code.
  private(set) var codes: [FailureCode: Int] = [:]
  /// How many there are of each user.
  private(set) var users: [Int64: Int] = [:]
  /// How many ask for each broker; a link may ask for several.
  private(set) var brokers: [Text: Int] = [:]
  /// How many the worker would refuse, and why.
  private(set) var refused: [ReplayCandidate.Obstacle: Int] = [:]
  /// How many fit and are left out, for this job has asked for them already.
  private(set) var sentCount = 0

  private struct Target {
    var at: Timestamp
    var key: LinkKey
  }

  /// - Parameters:
  ///   - isNamed: Whether links were named one by one.
  ///   - sent: Those whose event of this job is in the requests topic.
  init(isNamed: Bool, sent: Set<LinkKey>) {
    self.isNamed = isNamed
    self.sent = sent
  }

  /// How many are to be asked for.
  var count: Int { targets.count }

  /// When the last of them came to its state; nil where there are none.
  var newest: Timestamp? { targets.lazy.map(\.at).max() }

  /// The links to ask for: those that have waited longest first, always in the same order.
  var keys: [LinkKey] { targets.sorted { ($0.at, $0.key) < ($1.at, $1.key) }.map(\.key) }

  /// How many fit and are not asked for, for the worker would refuse them.
  var leftOutCount: Int { isNamed ? 0 : refused.values.reduce(0, +) }

  /// Takes a link that fits.
  mutating func take(_ link: ReplayCandidate) {
    guard !link.isAccepted, !sent.contains(link.key) else {
      sentCount += 1
      return
    }
    if let obstacle = link.obstacle {
      refused[obstacle, default: 0] += 1
      guard isNamed else { return }
    }
    targets.append(Target(at: link.at, key: link.key))
    users[link.key.userId, default: 0] += 1
    if let code = link.code { codes[code, default: 0] += 1 }
    for broker in Set(link.brokers) { brokers[broker, default: 0] += 1 }
  }
}
