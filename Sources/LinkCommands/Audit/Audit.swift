import LinkCore

/// Whether every request has exactly one end, and every link at most one outcome a replay number.
///
/// Pure: it is given the committed records of the state topic, of the outcomes, the dead letters and the requests, each topic whole and of one partition
/// in its order, then the bounds, and judges. Of a link and of a request it keeps some hundred bytes, no values and nothing of a token.
struct Audit {
  let rules: AuditRules
  /// Filled as it becomes known: `stableOutcomes` before the outcomes, the rest before the judgement.
  var bounds = AuditBounds()
  /// What was counted.
  var totals = AuditTotals()
  /// The first findings.
  private(set) var findings: [AuditFinding] = []
  /// How many there are of each kind.
  private(set) var counts: [AuditFindingKind: Int] = [:]
  /// How many findings are kept.
  private let findingLimit: Int

  var links = ChunkedList<AuditedLink>()
  var requests = ChunkedList<AuditedRequest>()
  /// By half of the id that they have.
  var refusals: [UInt64: AuditedRefusals] = [:]
  /// By the place of the record.
  var letters: [AuditPlace: AuditedLetters] = [:]
  /// By the place that they come from.
  var moves: [AuditPlace: AuditedMoves] = [:]
  /// Names of accepted replay events.
  var acceptedReplays: Set<UInt64> = []
  /// Names of those of which a request was judged already.
  var judgedReplays: Set<UInt64> = []
  /// Partitions with state of links.
  var statePartitions: Set<Int32> = []
  /// The first timestamp of each partition that was read.
  var firstOutcomes: [Int32: Timestamp] = [:], firstLetters: [Int32: Timestamp] = [:]
  private var positions: [LinkName: UInt32] = [:]
  /// Outcomes of replay numbers from 64 on.
  private var lateReplays: Set<LateReplay> = []

  private struct LinkName: Hashable {
    var high: UInt64
    var low: UInt64

    init(_ digest: Digest) { (high, low) = digest.halves }

    static func == (left: LinkName, right: LinkName) -> Bool { left.high == right.high && left.low == right.low }

    func hash(into hasher: inout Hasher) { hasher.combine(high) }
  }

  private struct LateReplay: Hashable {
    var link: UInt32
    var replay: Int32
  }

  /// - Parameter findingLimit: How many findings are kept; the others are counted.
  init(rules: AuditRules, findingLimit: Int) {
    self.rules = rules
    self.findingLimit = findingLimit
  }

  /// How many findings there are.
  var findingCount: Int { counts.values.reduce(0, +) }

  /// Takes a finding.
  mutating func find(_ kind: AuditFindingKind, _ topic: TopicRole, _ place: AuditPlace) {
    find(kind, topic, place.partition, place.offset)
  }

  mutating func find(_ kind: AuditFindingKind, _ topic: TopicRole, _ partition: Int32, _ offset: Int64?) {
    counts[kind, default: 0] += 1
    guard findings.count < findingLimit else { return }
    findings.append(AuditFinding(kind: kind, topic: topic, partition: partition, offset: offset))
  }

  /// The position of a link, which is made where it is not known.
  mutating func position(of key: LinkKey) -> Int {
    let name = LinkName(digest(of: key))
    if let known = positions[name] { return Int(known) }
    positions[name] = UInt32(links.count)
    links.append(
      AuditedLink(home: HomePartition.of(userId: key.userId, partitionCount: rules.partitionCount)))
    return links.count - 1
  }

  /// The position of a link that is known.
  func knownPosition(of key: LinkKey) -> Int? { positions[LinkName(digest(of: key))].map { Int($0) } }

  /// Whether the link at a position has an outcome of a replay number.
  func hasOutcome(_ link: Int, replay: Int32) -> Bool {
    replay < 64
      ? links[link].replaysSeen & 1 << UInt64(max(replay, 0)) != 0
      : lateReplays.contains(LateReplay(link: UInt32(link), replay: replay))
  }

  mutating func noteOutcome(_ link: Int, replay: Int32) {
    if replay < 64 {
      links[link].replaysSeen |= 1 << UInt64(max(replay, 0))
    } else {
      lateReplays.insert(LateReplay(link: UInt32(link), replay: replay))
    }
  }

  /// What stands for several texts: 64 bits of a digest of them and their lengths.
  func name(_ texts: Text..., scope: UInt64 = 0) -> UInt64 {
    var form: [UInt8] = []
    for text in texts {
      form += "\(text.utf8.count):".utf8
      form += text.utf8
    }
    form += "\(scope)".utf8
    return rules.sha256(form).halves.high
  }

  /// What stands for a replay event: a link knows it by its id.
  func name(ofReplay id: Text, of key: LinkKey) -> UInt64 {
    name(id, key.idempotencyKey, scope: UInt64(bitPattern: key.userId))
  }

  func half(_ digest: Digest) -> UInt64 { digest.halves.high }

  private func digest(of key: LinkKey) -> Digest {
    rules.sha256(Array("\(key.userId)/".utf8) + key.idempotencyKey.utf8)
  }
}
