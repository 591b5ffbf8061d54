import LinkCore

/// How many links there are of each kind, and which of those that wait stand out. Pure.
struct LinkStats {
  /// What is kept of a link until all of its partition is read.
  struct Item {
    var state: Link.State
    var attemptCount: Int
    var isReplayed: Bool
    /// When Kafka had its request, or the last replay was accepted: since then it waits.
    var askedAt: Timestamp
    /// The brokers that its request names; none of a link that has succeeded.
    var brokers: [BrokerIndex]
    /// Of a link that waits.
    var key: LinkKey?
  }

  /// A broker's place in the table of names.
  typealias BrokerIndex = Int32

  /// Names of brokers that are counted apart; those beyond are counted together, so that memory has a bound.
  static let brokerLimit = 10_000

  /// Links of one broker.
  struct BrokerCount: Equatable {
    var scheduled = 0
    var failed = 0
  }

  /// A link that waits, and the moment by which it stands out.
  struct Waiting: Equatable {
    var key: LinkKey
    var at: Timestamp
  }

  /// Numbers of calls that are counted together: from each of these to below the next.
  static let callSteps = [0, 1, 2, 3, 5, 9, 17, 33]

  /// The calendar's time.
  let now: Timestamp
  private(set) var states: [LinkStateName: Int] = [:]
  private(set) var codes: [FailureCode: Int] = [:]
  /// Links that wait and are due already.
  private(set) var overdueCount = 0
  /// Links with at least one accepted replay.
  private(set) var replayedCount = 0
  /// Links by the number of their calls, in the order of `callSteps`.
  private(set) var calls = [Int](repeating: 0, count: Self.callSteps.count)
  /// The one that waits longest: since Kafka had its request, or its last replay was accepted.
  private(set) var oldest: Waiting?
  /// The one that waits which is due first.
  private(set) var soonest: Waiting?
  private var brokers: [BrokerIndex: BrokerCount] = [:]

  /// Nothing is counted yet.
  init(now: Timestamp) { self.now = now }

  /// All links.
  var count: Int { states.values.reduce(0, +) }

  /// Counts a link.
  mutating func take(_ item: Item) {
    calls[Self.callSteps.lastIndex { $0 <= item.attemptCount } ?? 0] += 1
    if item.isReplayed { replayedCount += 1 }
    switch item.state {
    case .succeeded: states[.succeeded, default: 0] += 1
    case .failed(_, let code):
      states[.failed, default: 0] += 1
      codes[code, default: 0] += 1
      for broker in item.brokers { brokers[broker, default: BrokerCount()].failed += 1 }
    case .scheduled(let due):
      states[.scheduled, default: 0] += 1
      if due <= now { overdueCount += 1 }
      for broker in item.brokers { brokers[broker, default: BrokerCount()].scheduled += 1 }
      guard let key = item.key else { return }
      oldest = Self.first(oldest, Waiting(key: key, at: item.askedAt))
      soonest = Self.first(soonest, Waiting(key: key, at: due))
    }
  }

  /// The brokers, those of most links first; nil is the name of all beyond `brokerLimit`.
  func brokers(named names: BrokerNames) -> [(name: Text?, count: BrokerCount)] {
    let found = brokers.map { (name: names[$0.key], count: $0.value) }
    return found.sorted {
      let (left, right) = ($0.count.scheduled + $0.count.failed, $1.count.scheduled + $1.count.failed)
      guard left == right, let name = $0.name, let other = $1.name else { return left > right }
      return name < other
    }
  }

  /// The earlier one; of two at the same moment the one whose name comes first.
  private static func first(_ left: Waiting?, _ right: Waiting) -> Waiting {
    guard let left, (left.at, left.key) < (right.at, right.key) else { return right }
    return left
  }
}

/// Names of brokers, each once.
final class BrokerNames {
  private var places: [Text: LinkStats.BrokerIndex] = [:]
  private var names: [Text] = []

  /// The name at a place; nil for that of all names beyond the limit.
  subscript(place: LinkStats.BrokerIndex) -> Text? { place >= 0 ? names[Int(place)] : nil }

  /// The place of a name.
  func place(of name: Text) -> LinkStats.BrokerIndex {
    if let place = places[name] { return place }
    guard names.count < LinkStats.brokerLimit else { return -1 }
    let place = LinkStats.BrokerIndex(names.count)
    names.append(name)
    places[name] = place
    return place
  }
}

extension LinkStats.Item {
  /// What is counted of a link.
  init(_ link: Link, names: BrokerNames) {
    state = link.state
    attemptCount = link.attemptCount
    isReplayed = link.replay > 0
    askedAt = link.replays.last?.at ?? link.origin.timestamp
    brokers = []
    key = nil
    switch link.state {
    case .succeeded: break
    case .failed: brokers = Self.places(link, names)
    case .scheduled: (brokers, key) = (Self.places(link, names), link.key)
    }
  }

  private static func places(_ link: Link, _ names: BrokerNames) -> [LinkStats.BrokerIndex] {
    // Names beyond the limit share one place: a link counts there once.
    Array(Set(link.request?.scope.brokerNames.map { names.place(of: $0) } ?? [])).sorted()
  }
}
