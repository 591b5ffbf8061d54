import LinkCore
import LinkCrypto

/// An engine in a world of memory: a requests topic, a state topic, a store, an adapter and a clock that only the test moves.
final class EngineWorld {
  static let partitions: Int32 = 4

  var settings: EngineSettings
  private(set) var engine: Engine
  private(set) var now = Now(wall: Timestamp(milliseconds: 1_800_000_000_000), uptime: 1000)
  /// The requests topic, by partition.
  var requests: [Int32: [SourceRecord]] = [:]
  /// What a read_committed reader of everything but state sees, in order.
  private(set) var published: [OutgoingRecord] = []
  /// The compacted state topic.
  private(set) var state: [StateKey: StateRecord] = [:]
  /// The group's offsets.
  private(set) var offsets: [Int32: Int64] = [:]
  /// Partitions of which an offset was committed while their state had another identity than the one that came with it, or none.
  private(set) var unfounded: Set<Int32> = []
  /// How often the credential's file was to be looked at.
  private(set) var credentialLooks = 0
  /// How many state records were committed.
  private(set) var stateWrites = 0
  var store = MemoryStore()
  private(set) var notes: [Note] = []
  private(set) var calls: [AdapterCall] = []
  private(set) var isFinished = false
  private(set) var failure: String?

  /// What the adapter answers; nil lets the call hang until `answer` is called.
  var adapter: (AdapterCall) -> AdapterAnswer? = { _ in .token("tok") }
  /// How the next transactions end; committed where the list is empty.
  var commitResults: [CommitResult] = []
  /// Whether the store's work waits until `flushStore`.
  var holdsStore = false
  /// Whether transactions wait until `flushCommit`.
  var holdsCommits = false
  private(set) var heldBatch: Batch?
  /// Which decisions the broker refuses for themselves.
  var refuses: (BatchedDecision) -> Bool = { _ in false }
  private(set) var pausedLanes: Set<Int32> = []
  private var heldWork: [StoreWork] = []
  private var events: [Event] = []
  /// Restores that were asked for and, where `holdsRestores`, wait for `openLanes`.
  var holdsRestores = false
  private(set) var restoring: [LaneID] = []

  init(_ change: (inout EngineSettings) -> Void = { _ in }) {
    settings = EngineSettings(
      partitionCount: Self.partitions, groupID: "linkworker", instanceID: "test", requestsTopic: "requests", seed: 7)
    change(&settings)
    engine = Engine(settings: settings, sha256: sha256, now: now)
  }

  /// The worker dies and another begins on the same disk, or on an empty one.
  func restart(wiped: Bool = false) {
    engine = Engine(settings: settings, sha256: sha256, now: now)
    events = []
    heldWork = []
    heldBatch = nil
    isFinished = false
    if wiped { store = MemoryStore() } else { store.reopen() }
    assignAll()
  }

  func assignAll() { send(.assigned(Array(0..<Self.partitions))) }

  func send(_ event: Event) {
    events.append(event)
    run()
  }

  /// Appends a record to the requests topic and delivers it.
  @discardableResult
  func produce(_ record: SourceRecord) -> SourceRecord {
    var record = record
    record.offset = Int64(requests[record.partition]?.count ?? 0)
    requests[record.partition, default: []].append(record)
    send(.received(record))
    return record
  }

  /// Lets time pass in steps, so that timers are met.
  func pass(_ milliseconds: Milliseconds, step: Milliseconds = 10) {
    var left = milliseconds
    while left > 0 {
      let stride = min(step, left)
      now.uptime += stride
      now.wall = now.wall + stride
      left -= stride
      send(.tick)
    }
  }

  /// Somebody sets the calendar so much ahead, or back.
  func setCalendar(by shift: Milliseconds) { now.wall = now.wall + shift }

  func answer(_ call: AdapterCall, _ answer: AdapterAnswer) { send(.answered(call: call.id, answer)) }

  func flushStore() {
    holdsStore = false
    let work = heldWork
    heldWork = []
    perform(.store(work))
    run()
  }

  func flushCommit(_ result: CommitResult? = nil) {
    guard let batch = heldBatch else { return }
    heldBatch = nil
    end(batch, result ?? .committed(stateEnds: [:]))
    run()
  }

  func openLanes() {
    holdsRestores = false
    let lanes = restoring
    restoring = []
    for lane in lanes { open(lane) }
    run()
  }

  /// Outcomes, refusals, dead letters or moved requests that were published.
  func published(_ topic: TopicRole) -> [OutgoingRecord] { published.filter { $0.topic == topic } }

  /// Published events of a type.
  func events(_ type: String) -> [String] {
    published(.outcomes).map { String(decoding: $0.value ?? [], as: UTF8.self) }.filter { $0.contains("\"\(type)\"") }
  }

  var link: (LinkKey) -> Link? {
    { key in
      guard case .link(let link)? = self.state[.link(key)] else { return nil }
      return link
    }
  }

  private func run() {
    var next = 0
    while next < events.count {
      for effect in engine.step(events[next], now: now) { perform(effect) }
      next += 1
    }
    events = []
  }

  private func perform(_ effect: Effect) {
    switch effect {
    case .restore(let lanes):
      if holdsRestores { restoring += lanes } else { lanes.forEach(open) }
    case .start(let partition, let position):
      for record in requests[partition] ?? [] where record.offset >= position { events.append(.received(record)) }
    case .pause(let partition): pausedLanes.insert(partition)
    case .resume(let partition): pausedLanes.remove(partition)
    case .reloadCredential: credentialLooks += 1
    case .store(let work):
      if holdsStore { heldWork += work } else { events.append(.stored(store.perform(work))) }
    case .call(let call):
      calls.append(call)
      if let answer = adapter(call) { events.append(.answered(call: call.id, answer)) }
    case .commit(let batch):
      if holdsCommits { heldBatch = batch } else { end(batch, nextResult()) }
    case .reconcile(let batch):
      let isCommitted = batch.decisions.contains { $0.state.contains { state[$0.key] == $0 } }
      events.append(.ended(batch: batch.id, isCommitted ? .committed(stateEnds: [:]) : .aborted(reason: "not found")))
    case .note(let note): notes.append(note)
    case .finished: isFinished = true
    case .fail(let reason, _): failure = reason
    }
  }

  private func nextResult() -> CommitResult {
    commitResults.isEmpty ? .committed(stateEnds: [:]) : commitResults.removeFirst()
  }

  private func end(_ batch: Batch, _ result: CommitResult) {
    let refused = batch.decisions.filter(refuses)
    if !refused.isEmpty {
      events.append(
        .ended(batch: batch.id, .refused(decisions: Dictionary(uniqueKeysWithValues: refused.map { ($0.id, "x") }))))
      return
    }
    if case .committed = result { land(batch) }
    events.append(.ended(batch: batch.id, result))
  }

  /// What a committed transaction does to Kafka.
  func land(_ batch: Batch) {
    for record in batch.decisions.flatMap(\.records) {
      published.append(record)
      if record.topic == .requests { append(moved: record) }
    }
    for record in batch.decisions.flatMap(\.state) {
      stateWrites += 1
      if case .tombstone(let key) = record { state[key] = nil } else { state[record.key] = record }
    }
    offsets.merge(batch.offsets) { _, new in new }
    for partition in batch.offsets.keys {
      guard let identity = batch.identities[partition],
        state[.identity(partition: partition)] == .identity(partition: partition, identity)
      else {
        unfounded.insert(partition)
        continue
      }
    }
  }

  /// A moved request is a record of its home partition like any other.
  private func append(moved record: OutgoingRecord) {
    guard let partition = record.partition, let timestamp = record.timestamp else { return }
    let arrived = SourceRecord(
      partition: partition, offset: Int64(requests[partition]?.count ?? 0), timestamp: timestamp, key: record.key,
      value: record.value, headers: record.headers)
    requests[partition, default: []].append(arrived)
    events.append(.received(arrived))
  }

  private func open(_ lane: LaneID) {
    let partition = lane.partition
    // The store does its work in order: what was asked of it before is done before a restore.
    let earlier = heldWork
    heldWork = []
    events.append(.stored(store.perform(earlier)))
    store.restore(state.values.filter { $0.isOf(partition) }, partition)
    let marks = state.values.compactMap { record -> Mark? in
      guard case .mark(let mark) = record, mark.partition == partition else { return nil }
      return mark
    }
    var identity: Identity?
    if case .identity(_, let found)? = state[.identity(partition: partition)] { identity = found }
    events.append(
      .opened(
        LaneOpening(
          lane: lane, position: offsets[partition] ?? 0, isCommitted: offsets[partition] != nil, identity: identity,
          marks: marks, nextWake: store.nextWake(partition))))
  }
}

extension StateRecord {
  fileprivate func isOf(_ partition: Int32) -> Bool {
    switch self {
    case .link(let link): link.origin.partition == partition
    case .mark(let mark): mark.partition == partition
    case .identity(let own, _): own == partition
    case .tombstone: false
    }
  }
}

extension AdapterAnswer {
  static func token(_ token: String) -> AdapterAnswer {
    .response(status: 200, body: Secret(Array(#"{"s":"ok","d":"\#(token)"}"#.utf8)), retryAfter: nil)
  }
  static func status(_ status: Int, retryAfter: RetryAfter? = nil) -> AdapterAnswer {
    .response(status: status, body: Secret(Array("no".utf8)), retryAfter: retryAfter)
  }
  static func no(_ errmsg: String) -> AdapterAnswer {
    .response(status: 200, body: Secret(Array(#"{"s":"error","errmsg":"\#(errmsg)"}"#.utf8)), retryAfter: nil)
  }
}

/// A request event for a user, at its home partition unless told otherwise.
func request(
  user: Int64, id: String = "r1", key: String? = nil, account: Int64 = 7, extra: String = "", partition: Int32? = nil,
  timestamp: Timestamp = Timestamp(milliseconds: 1_800_000_000_000)
) -> SourceRecord {
  let idempotency = key.map { #","idempotencyKey":"\#($0)""# } ?? ""
  let value = """
    {"specversion":"1.0","id":"\(id)","source":"/area","type":"link-account.requested.v1","data":{"userId":\(user),\
    "brokerNames":["b"],"ctidTraderAccountIds":[\(account)]\(idempotency)\(extra)}}
    """
  return SourceRecord(
    partition: partition ?? HomePartition.of(userId: user, partitionCount: EngineWorld.partitions), offset: 0,
    timestamp: timestamp, key: nil, value: Array(value.utf8))
}

/// A replay event for a link.
func replay(user: Int64, key: String, id: String = "p1", extra: String = "") -> SourceRecord {
  let value = """
    {"specversion":"1.0","id":"\(id)","source":"/ops","type":"link-account.replay-requested.v1","data":\
    {"userId":\(user),"idempotencyKey":"\(key)","reason":"fixed","operator":"anna"\(extra)}}
    """
  return SourceRecord(
    partition: HomePartition.of(userId: user, partitionCount: EngineWorld.partitions), offset: 0,
    timestamp: Timestamp(milliseconds: 1_800_000_000_000), key: nil, value: Array(value.utf8))
}
