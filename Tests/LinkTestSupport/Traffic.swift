public import LinkCore
public import LinkSandbox

/// A mix of requests, good and bad, and what has to come of each.
///
/// Of `count` records 10 % are duplicates, 5 % malformed (half of those legible enough for a refusal) and 2 % in conflict with another request of
/// the same link. Of the users 20 % fail once or twice before they succeed, and 2 % fail for good. Each link has accounts of its own, so that a
/// call tells whose it is.
public struct Traffic: Sendable {
  /// The links, each with its request.
  public let links: [RequestEvent]
  /// By link: a second request for it with other accounts.
  public let rivals: [LinkKey: RequestEvent]
  /// Ids of malformed requests whose identity can be read.
  public let legible: Set<String>
  /// Records of which nothing can be read.
  public let illegibleCount: Int
  /// Requests that were made before, with another id.
  public let duplicateCount: Int
  /// Every record, in a mixed order.
  private let records: [(userID: Int64, value: String)]

  /// Outcomes and refusals that will come, in all.
  public var answerCount: Int { links.count + rivals.count + legible.count }
  /// Records that will be dead letters.
  public var deadLetterCount: Int { legible.count + illegibleCount }

  /// A mix of so many records; the same every time.
  public init(count: Int) {
    duplicateCount = count / 10
    let malformedCount = count / 20
    let rivalCount = count / 50
    let linkCount = count - duplicateCount - malformedCount - rivalCount
    links = (0..<linkCount).map { number in
      RequestEvent(
        id: "r\(number)", userID: Self.userID(of: number), idempotencyKey: "k\(number)", accounts: [Int64(number + 1)])
    }
    let rivals = links[..<rivalCount].map { link in
      RequestEvent(
        id: "rival-\(link.id)", userID: link.userID, idempotencyKey: link.idempotencyKey,
        accounts: link.accounts.map { $0 + 1_000_000 })
    }
    let duplicates = links[rivalCount..<rivalCount + duplicateCount].map { link in
      var again = link
      again.id = "again-\(link.id)"
      return again
    }
    let malformed = (0..<malformedCount).map { number in
      let request = RequestEvent(
        id: "bad-\(number)", userID: Self.userID(of: number), idempotencyKey: "bad-\(number)", accounts: [])
      return (request.id, request.userID, request.structured, isLegible: number % 2 == 0)
    }
    self.rivals = Dictionary(uniqueKeysWithValues: rivals.map { ($0.linkKey, $0) })
    legible = Set(malformed.filter(\.isLegible).map(\.0))
    illegibleCount = malformedCount - legible.count
    let ordered =
      (links + duplicates + rivals).map { ($0.userID, $0.structured) }
      + malformed.map { ($0.1, $0.isLegible ? $0.2 : String($0.2.dropLast())) }
    records = Self.mixed(ordered)
  }

  /// How the adapter treats the users: by their number.
  public var rules: [Int64: EmulatorRule] {
    var rules: [Int64: EmulatorRule] = [:]
    for userID in Set(links.map(\.userID)) {
      switch userID % 50 {
      case 0..<5: rules[userID] = EmulatorRule(failure: .status(503), failFirst: 1)
      case 5..<10: rules[userID] = EmulatorRule(failure: .status(429), failFirst: 2)
      case 10: rules[userID] = EmulatorRule(failure: .rejected(errmsg: "Account is blocked"))
      default: continue
      }
    }
    return rules
  }

  /// Whether the adapter says no to this user for good.
  public static func isRejected(_ userID: Int64) -> Bool { userID % 50 == 10 }

  /// Writes all of it, by kcats that partition differently: CRC32 by key (librdkafka's default), murmur2 by key (Java's default), and
  /// anywhere for want of a key.
  public func write(to deployment: Deployment) throws {
    var shares: [[(key: String?, value: String)]] = [[], [], []]
    for (index, record) in records.enumerated() {
      let share = index % 3
      shares[share].append((share == 2 ? nil : String(record.userID), record.value))
    }
    try deployment.produce(lines: shares[0], ["-X", "partitioner=consistent_random"])
    try deployment.produce(lines: shares[1], ["-X", "partitioner=murmur2_random"])
    // Without a key librdkafka would fill one partition for a while: it is to choose for each record.
    try deployment.produce(lines: shares[2], ["-X", "sticky.partitioning.linger.ms=0"])
  }

  /// All of it in so many portions of about the same size, each mixed as the whole is. Of three records one goes to a partition that is its
  /// home by accident alone, and one of those has no key.
  public func portions(_ count: Int, for deployment: Deployment) -> [[OutgoingRecord]] {
    var portions = [[OutgoingRecord]](repeating: [], count: count)
    for (index, record) in records.enumerated() {
      let isAstray = index % 3 == 0
      portions[index % count].append(
        OutgoingRecord(
          topic: .requests, partition: isAstray ? Int32(index / 3) % deployment.partitions : nil,
          key: index % 6 == 0 ? nil : Array(String(record.userID).utf8), value: Array(record.value.utf8),
          headers: [Header("content-type", "application/cloudevents+json")]))
    }
    return portions
  }

  /// Two links a user.
  private static func userID(of link: Int) -> Int64 { 100_000 + Int64(link / 2) }

  /// An order that puts neighbours far apart, and is the same every time.
  private static func mixed<Element>(_ elements: [Element]) -> [Element] {
    var step = 7_919
    while elements.count % step == 0 { step += 2 }
    return elements.indices.map { elements[$0 * step % elements.count] }
  }
}
