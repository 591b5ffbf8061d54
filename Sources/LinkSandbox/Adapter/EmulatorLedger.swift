import LinkCore

/// What the emulator has counted and kept: the oracle of tests that ask how often the adapter was called.
struct EmulatorLedger {
  private(set) var stats = AdapterEmulatorStats()
  private var users: [Int64: UserEntry] = [:]
  private var kept = KeptBodies()
  private let userLimit: Int
  private let bodyLimit: Int
  private let bodyLimitOfUser: Int

  private struct UserEntry {
    var calls = 0
    var tokens = 0
    var running = 0
    var runningLimit = 0
    var failuresLeft = 0
    /// Which version of the rules `failuresLeft` belongs to.
    var ruleVersion = -1
    var callsByBody: [(digest: Digest, calls: Int)] = []
    var callsByTrace: [(traceparent: String, calls: Int)] = []
    var bodies: [Int] = []

    /// Counts a call; returns the most of them at the same time.
    mutating func count(_ digest: Digest, _ traceparent: String?, limit: Int) -> Int {
      calls += 1
      running += 1
      runningLimit = max(runningLimit, running)
      if let index = callsByBody.firstIndex(where: { $0.digest == digest }) {
        callsByBody[index].calls += 1
      } else if callsByBody.count < limit {
        callsByBody.append((digest, 1))
      }
      guard let traceparent else { return runningLimit }
      if let index = callsByTrace.firstIndex(where: { $0.traceparent == traceparent }) {
        callsByTrace[index].calls += 1
      } else if callsByTrace.count < limit {
        callsByTrace.append((traceparent, 1))
      }
      return runningLimit
    }
  }

  /// Different bodies, and traces, of one user that are counted one by one.
  private static let distinctLimit = 1_000

  init(userLimit: Int, bodyLimit: Int, bodyLimitOfUser: Int) {
    self.userLimit = userLimit
    self.bodyLimit = bodyLimit
    self.bodyLimitOfUser = bodyLimitOfUser
  }

  /// Counts a call that passed every check, as begun; returns which call of its user it is, from 1 on. Of a user that is not counted one by
  /// one it is the number among all calls.
  mutating func begin(userId: Int64, body: [UInt8], digest: Digest, traceparent: String?) -> Int {
    stats.calls += 1
    stats.concurrent += 1
    stats.concurrentMost = max(stats.concurrentMost, stats.concurrent)
    guard users[userId] != nil || users.count < userLimit else {
      stats.uncountedCalls += 1
      return stats.calls
    }
    if users[userId] == nil { stats.users += 1 }
    let most = users[userId, default: UserEntry()].count(digest, traceparent, limit: Self.distinctLimit)
    stats.concurrentMostOfOneUser = max(stats.concurrentMostOfOneUser, most)
    keep(body, of: userId)
    return users[userId]?.calls ?? stats.calls
  }

  private mutating func keep(_ body: [UInt8], of userId: Int64) {
    guard bodyLimit > 0, bodyLimitOfUser > 0 else { return }
    let serial = kept.append(body, of: userId)
    users[userId]?.bodies.append(serial)
    if let entry = users[userId], entry.bodies.count > bodyLimitOfUser {
      users[userId]?.bodies.removeFirst()
      kept.forget(entry.bodies[0])
    }
    // A user's oldest body is the first of its list: what goes here is always that.
    while kept.count > bodyLimit, let owner = kept.dropOldest() { users[owner]?.bodies.removeFirst() }
  }

  /// Counts a call as ended: its answer is about to leave.
  mutating func end(userId: Int64) {
    stats.concurrent -= 1
    if let running = users[userId]?.running, running > 0 { users[userId]?.running = running - 1 }
  }

  /// Counts an answer, given or withheld (status 0).
  mutating func answered(status: Int, _ kind: EmulatorAnswerClass) {
    stats.answersByStatus[status, default: 0] += 1
    stats.answersByClass[kind, default: 0] += 1
  }

  /// Counts a token that was made.
  mutating func made(tokenFor userId: Int64) {
    stats.tokens += 1
    users[userId]?.tokens += 1
  }

  /// Whether this call of the user fails under a rule with a limit of failures; counts it when it does. A user that is not counted one by
  /// one does not fail.
  mutating func takeFailure(userId: Int64, limit: Int, ruleVersion: Int) -> Bool {
    guard let entry = users[userId] else { return false }
    let left = entry.ruleVersion == ruleVersion ? entry.failuresLeft : limit
    users[userId]?.ruleVersion = ruleVersion
    users[userId]?.failuresLeft = max(0, left - 1)
    return left > 0
  }

  /// What is known of a user, or nil where it never called.
  func user(_ id: Int64) -> AdapterEmulatorUser? { users[id].map { describe(id, $0) } }

  /// What is known of every user, by id.
  func allUsers() -> [AdapterEmulatorUser] { users.sorted { $0.key < $1.key }.map { describe($0.key, $0.value) } }

  /// The bodies kept of one user, or of all in the order in which they came.
  func bodies(of userId: Int64? = nil) -> [(userId: Int64, body: [UInt8])] {
    guard let userId else { return kept.all }
    return (users[userId]?.bodies ?? []).compactMap(kept.body(_:)).map { (userId, $0) }
  }

  /// Forgets everything but the calls on the way.
  mutating func reset() {
    let concurrent = stats.concurrent
    stats = AdapterEmulatorStats()
    stats.concurrent = concurrent
    stats.concurrentMost = concurrent
    users = [:]
    kept = KeptBodies()
  }

  private func describe(_ id: Int64, _ entry: UserEntry) -> AdapterEmulatorUser {
    AdapterEmulatorUser(
      userId: id, calls: entry.calls, tokens: entry.tokens, concurrentMost: entry.runningLimit,
      callsByBody: Dictionary(entry.callsByBody.map { ($0.digest, $0.calls) }, uniquingKeysWith: +),
      callsByTraceparent: Dictionary(entry.callsByTrace.map { ($0.traceparent, $0.calls) }, uniquingKeysWith: +))
  }
}

/// The bodies received last, by serial number.
private struct KeptBodies {
  private(set) var count = 0
  private var entries: [(userId: Int64, body: [UInt8])?] = []
  /// The serial of the first entry.
  private var first = 0
  /// The entries before it are gone.
  private var head = 0

  var all: [(userId: Int64, body: [UInt8])] { entries[head...].compactMap { $0 } }

  func body(_ serial: Int) -> [UInt8]? {
    let index = serial - first
    return entries.indices.contains(index) ? entries[index]?.body : nil
  }

  /// Keeps a body; returns its serial.
  mutating func append(_ body: [UInt8], of userId: Int64) -> Int {
    entries.append((userId, body))
    count += 1
    return first + entries.count - 1
  }

  mutating func forget(_ serial: Int) {
    let index = serial - first
    guard entries.indices.contains(index), entries[index] != nil else { return }
    entries[index] = nil
    count -= 1
  }

  /// Drops the oldest body; returns whose it was, or nil where there is none.
  mutating func dropOldest() -> Int64? {
    while head < entries.count {
      let entry = entries[head]
      entries[head] = nil
      head += 1
      // Moving what is left to the front costs its length: done once in as many drops.
      if head > 4_096, head > entries.count / 2 {
        entries.removeFirst(head)
        first += head
        head = 0
      }
      if let entry {
        count -= 1
        return entry.userId
      }
    }
    return nil
  }
}
