import LinkCore
import LinkCrypto

/// The requests whose outcomes are waited for, and which outcome belongs to which. Pure: records and the clock are handed in.
struct OutcomeWait {
  /// How a request ended, or that it did not.
  enum Ending: Hashable {
    case outcome(SeenOutcome.Kind)
    /// The link was known before: no event comes for a duplicate.
    case known(Link.State)
    /// Nothing came in time.
    case nothing(Knowledge)

    /// Whether there is a token.
    var isToken: Bool {
      switch self {
      case .outcome(.tokenReady), .known(.succeeded): true
      case .outcome(.failed), .outcome(.refused), .known(.scheduled), .known(.failed), .nothing: false
      }
    }
  }

  /// What the state topic said of a link.
  enum Knowledge: Hashable {
    /// It was not read, or not to its end: nobody knows.
    case notLooked
    /// It has nothing of the link.
    case absent
    /// It has this.
    case present(Link.State)
  }

  /// A request that is waited for.
  struct Entry {
    var line: Int
    var id: Text
    var source: Text
    var key: LinkKey
    /// Of a link request; nil for a replay.
    fileprivate var fingerprint: Digest?
    fileprivate var deadline: Timestamp?
    /// Where Kafka has it; nil before it is acknowledged.
    fileprivate(set) var place: Place?
    /// When the wait is over.
    fileprivate var giveUpAt: Milliseconds = .max
    /// What the state topic said last.
    fileprivate(set) var knowledge = Knowledge.notLooked
  }

  /// A place in the requests topic.
  struct Place: Hashable {
    var partition: Int32
    var offset: Int64
  }

  /// Requests that are waited for at most; further ones are not sent before others have ended.
  static let limit = 100_000
  /// Milliseconds that are waited where neither the request nor the command line says how long.
  static let patience: Milliseconds = 120_000
  /// Milliseconds after a deadline in which the failure that it means should come.
  static let grace: Milliseconds = 5_000

  private let timeout: Milliseconds?
  private var entries: [Int: Entry] = [:]
  private var linesByRequest: [RequestName: [Int]] = [:]
  private var linesByLink: [LinkKey: [Int]] = [:]

  private struct RequestName: Hashable {
    var source: Text
    var id: Text
  }

  /// - Parameter timeout: Milliseconds for each request from its acknowledgement on; nil: to its deadline, or `patience`.
  init(timeout: Milliseconds?) { self.timeout = timeout }

  /// How many have not ended.
  var count: Int { entries.count }

  /// Those that have not ended, by line.
  var waiting: [Entry] { entries.values.sorted { $0.line < $1.line } }

  /// Begins to wait for a request that is about to be sent.
  mutating func expect(_ request: CheckedRequest, line: Int) {
    entries[line] = Entry(
      line: line, id: request.id, source: request.source, key: request.key,
      fingerprint: request.scope?.fingerprint(userId: request.key.userId, sha256: sha256), deadline: request.deadline)
    linesByRequest[RequestName(source: request.source, id: request.id), default: []].append(line)
    linesByLink[request.key, default: []].append(line)
  }

  /// Kafka has the request: its time begins.
  mutating func acknowledge(line: Int, at place: Place, now: Now) {
    guard let entry = entries[line] else { return }
    entries[line]?.place = place
    let wait = timeout ?? entry.deadline.map { max($0 - now.wall, 0) + Self.grace } ?? Self.patience
    entries[line]?.giveUpAt = now.uptime + min(wait, .max / 2)
  }

  /// Kafka does not have it: nothing is to be waited for.
  mutating func forget(line: Int) { _ = remove(line) }

  /// Which requests an outcome ends, by line.
  mutating func take(_ outcome: SeenOutcome) -> [(Entry, Ending)] {
    var lines: Set<Int> = []
    if let id = outcome.requestID, let source = outcome.requestSource {
      lines.formUnion(linesByRequest[RequestName(source: source, id: id)] ?? [])
    }
    if let key = outcome.key, case let fingerprint = outcome.scope?.fingerprint(userId: key.userId, sha256: sha256) {
      // A refusal belongs to one request. An outcome is the link's: also of another request for the same, or of a replay.
      for line in linesByLink[key] ?? [] {
        guard let entry = entries[line] else { continue }
        let isMeant = entry.fingerprint == nil ? outcome.replay > 0 : fingerprint == entry.fingerprint
        if case .refused = outcome.kind { continue }
        if isMeant { lines.insert(line) }
      }
    }
    return lines.sorted().compactMap { remove($0) }.map { ($0, .outcome(outcome.kind)) }
  }

  /// The state topic was read for the requests of these lines; `learn` is told afterwards what it has.
  mutating func look(for lines: [Int]) { for line in lines { entries[line]?.knowledge = .absent } }

  /// Whether somebody's time is over of whose link nobody knows anything.
  func isGivingUpUnlooked(now uptime: Milliseconds) -> Bool {
    entries.values.contains { $0.giveUpAt <= uptime && $0.knowledge == .notLooked }
  }

  /// What the state topic has of a link: it ends the requests for which no event will come.
  mutating func learn(_ link: Link) -> [(Entry, Ending)] {
    var ended: [(Entry, Ending)] = []
    for line in linesByLink[link.key] ?? [] {
      guard let entry = entries[line], let place = entry.place else { continue }
      entries[line]?.knowledge = .present(link.state)
      if entry.fingerprint == nil {
        // A replay that was accepted, and whose link has ended: its outcome has come, or came before a repeat of it was sent.
        guard link.replays.contains(where: { $0.id == entry.id }) else { continue }
        if case .scheduled = link.state { continue }
        if let entry = remove(line) { ended.append((entry, .known(link.state))) }
        continue
      }
      let isOwn = link.origin.partition == place.partition && link.origin.offset == place.offset
      // Its own outcome, a refusal for another content, or the end of a link that still waits: each comes as an event.
      if isOwn || link.fingerprint != entry.fingerprint { continue }
      if case .scheduled = link.state { continue }
      if let entry = remove(line) { ended.append((entry, .known(link.state))) }
    }
    return ended
  }

  /// Those whose time is over.
  mutating func expire(now uptime: Milliseconds) -> [(Entry, Ending)] {
    let lines = entries.values.filter { $0.giveUpAt <= uptime }.map(\.line).sorted()
    return lines.compactMap { remove($0) }.map { ($0, .nothing($0.knowledge)) }
  }

  private mutating func remove(_ line: Int) -> Entry? {
    guard let entry = entries.removeValue(forKey: line) else { return nil }
    let name = RequestName(source: entry.source, id: entry.id)
    linesByRequest[name]?.removeAll { $0 == line }
    if linesByRequest[name]?.isEmpty == true { linesByRequest[name] = nil }
    linesByLink[entry.key]?.removeAll { $0 == line }
    if linesByLink[entry.key]?.isEmpty == true { linesByLink[entry.key] = nil }
    return entry
  }
}
