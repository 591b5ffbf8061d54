import LinkCore
import LinkKafka

/// Reads outcomes as they come, and the state topic where an event will not come. One thread owns it.
struct OutcomeWatch {
  /// The requests that are waited for.
  var wait: OutcomeWait
  private let properties: KafkaProperties
  private let tail: KafkaTail
  private let stateTopic: String
  private var heardAt = SystemClock.uptime()
  private var lookedAt: Milliseconds?
  /// Why the state topic could not be read last; nil where it could.
  private(set) var lookFailure: KafkaFailure?
  private var expiredAt: Milliseconds = 0

  /// Milliseconds without news after which the state topic is read: a duplicate has no event.
  private static let silence: Milliseconds = 2_000
  /// Milliseconds until it is read again.
  private static let lookInterval: Milliseconds = 30_000
  /// Milliseconds until it is read again where that failed.
  private static let retryInterval: Milliseconds = 3_000
  /// Milliseconds that a look takes at most for which requests are held that would be given up.
  private static let lastLookLimit: Milliseconds = 5_000
  /// Milliseconds between two looks at whose time is over: each goes through all that are waited for.
  private static let expiryInterval: Milliseconds = 100
  /// Outcomes taken at a time, so that the sending goes on.
  private static let batch = 1_000

  /// Takes the positions in the outcomes topic: to be made before anything is sent.
  init(properties: KafkaProperties, topics: WorkerSettings.Topics, timeout: Milliseconds?) throws(KafkaFailure) {
    self.properties = properties
    stateTopic = topics.state
    wait = OutcomeWait(timeout: timeout)
    let found = try KafkaAdmin(properties: properties).metadata(of: [topics.outcomes])
    guard let partitions = found[topics.outcomes]?.partitions else { throw .missing(topic: topics.outcomes) }
    tail = try KafkaTail(properties: properties, topic: topics.outcomes, partitionCount: Int32(clamping: partitions))
  }

  /// What ended since the last call; waits for it no longer than `milliseconds`.
  mutating func poll(_ milliseconds: Int32) throws(KafkaFailure) -> [(OutcomeWait.Entry, OutcomeWait.Ending)] {
    var ended: [(OutcomeWait.Entry, OutcomeWait.Ending)] = []
    var rest = milliseconds
    for _ in 0..<Self.batch {
      guard let record = try tail.next(rest) else { break }
      rest = 0
      if let outcome = SeenOutcome(record) { ended += wait.take(outcome) }
    }
    if !ended.isEmpty { hear() }
    return ended
  }

  /// Those whose time is over; of whose link nobody knows anything is looked for once before.
  mutating func expire(isStopped: () -> Bool) -> [(OutcomeWait.Entry, OutcomeWait.Ending)] {
    let now = SystemClock.uptime()
    guard now - expiredAt >= Self.expiryInterval else { return [] }
    expiredAt = now
    guard wait.isGivingUpUnlooked(now: now) else { return wait.expire(now: now) }
    return lookOnce(within: Self.lastLookLimit, isStopped: isStopped) + wait.expire(now: now)
  }

  /// Something has happened: it is too early to ask the state topic.
  mutating func hear() {
    heardAt = SystemClock.uptime()
    lookedAt = nil
  }

  /// Reads the state topic where nothing has come for a while; `isStopped` ends that early.
  mutating func look(isStopped: () -> Bool) -> [(OutcomeWait.Entry, OutcomeWait.Ending)] {
    let now = SystemClock.uptime()
    let interval = lookFailure == nil ? Self.lookInterval : Self.retryInterval
    guard wait.count > 0, now - heardAt >= Self.silence, lookedAt.map({ now - $0 >= interval }) ?? true else {
      return []
    }
    return lookOnce(within: .max, isStopped: isStopped)
  }

  /// Reads the state topic now, unless it may not be read.
  ///
  /// - Parameter limit: Milliseconds after which it is given up.
  mutating func lookOnce(
    within limit: Milliseconds, isStopped: () -> Bool
  ) -> [(OutcomeWait.Entry, OutcomeWait.Ending)] {
    // A permission does not come by asking again.
    if lookFailure?.exitCode == .noPermission || isStopped() { return [] }
    let placed = wait.waiting.compactMap { entry in entry.place.map { (entry, $0) } }
    guard !placed.isEmpty else { return [] }
    let keys = Set(placed.map { StateKey.link($0.0.key).encoded() })
    // Partition n of the state topic belongs to partition n of the requests topic.
    let partitions = Set(placed.map(\.1.partition))
    defer { lookedAt = SystemClock.uptime() }
    let began = SystemClock.uptime()
    do throws(KafkaFailure) {
      let lookup = LinkLookup(properties: properties, topic: stateTopic, silenceLimit: min(limit, 10_000))
      let links = try lookup.find(keys, in: partitions) { isStopped() || SystemClock.uptime() - began >= limit }
      guard let links else { return [] }
      lookFailure = nil
      wait.look(for: placed.map(\.0.line))
      return links.flatMap { wait.learn($0) }
    } catch {
      lookFailure = error
      return []
    }
  }
}

/// Looks for links in the state topic.
struct LinkLookup {
  let properties: KafkaProperties
  let topic: String
  /// Milliseconds without anything from Kafka after which it gives up.
  let silenceLimit: Milliseconds

  /// The links of these keys as they stand now; reads the partitions from their beginning to their end. Nil where `isStopped` has ended it before.
  func find(
    _ keys: Set<[UInt8]>, in partitions: Set<Int32>, isStopped: () -> Bool
  ) throws(KafkaFailure) -> [Link]? {
    // Of a topic that may not be seen a reader only hears nothing.
    let found = try KafkaAdmin(properties: properties).metadata(
      of: [topic], timeout: silenceLimit, isStopped: isStopped)
    guard let count = found[topic]?.partitions else { throw .missing(topic: topic) }
    let positions = Dictionary(uniqueKeysWithValues: partitions.filter { $0 < count }.map { ($0, Int64(0)) })
    guard !positions.isEmpty else { return [] }
    var values: [[UInt8]: [UInt8]] = [:]
    var isWhole = true
    do {
      try KafkaBrowser(properties: properties).read(topic: topic, from: positions, idleLimit: silenceLimit) { record in
        if let key = record.key, keys.contains(key) { values[key] = record.value }
        isWhole = !isStopped()
        return isWhole
      }
    } catch let failure as KafkaFailure {
      throw failure
    } catch {
      throw KafkaFailure("read", "topic \(topic)", code: -1, detail: "\(error)")
    }
    guard isWhole else { return nil }
    return values.sorted { $0.key.lexicographicallyPrecedes($1.key) }.compactMap { key, value in
      // What another version wrote is no link that this one could speak of.
      guard case .link(let link)? = try? StateRecord.decode(key: key, value: value) else { return nil }
      return link
    }
  }
}

extension KafkaFailure {
  /// A topic that is not there.
  static func missing(topic: String) -> KafkaFailure {
    KafkaFailure(
      "find", "topic \(topic)", code: 3,
      hint: "make the topics with `linkworker topics create`, or check their names in the settings")
  }
}
