import LinkCore
import Testing

@Suite("Random histories of the engine")
struct EngineHistoryTests {
  @Test(
    "Through aborts, unknown ends, revokes and deaths every request has one end, and every user one call at a time",
    arguments: 0..<40)
  func histories(_ block: Int) {
    for seed in block * 10..<(block + 1) * 10 {
      var history = History(seed: UInt64(seed))
      history.run()
      for violation in history.violations() { Issue.record("Seed \(seed): \(violation)") }
    }
  }
}

/// One seeded history: requests and faults in random order, then time without faults until everything is settled.
private struct History {
  private let world: EngineWorld
  private var random: SeededRandom
  private var hanging: [AdapterCall] = []
  private var produced = 0
  private var deaths = 0
  private var mostCallsOfAUser = 0

  init(seed: UInt64) {
    random = SeededRandom(seed: seed)
    world = EngineWorld {
      $0.seed = seed
      $0.concurrency = 4
      $0.commitBatch = 3
      $0.retry.limit = 2000
    }
  }

  mutating func run() {
    world.adapter = { _ in nil }
    world.assignAll()
    for _ in 0..<120 {
      act()
      watchCalls()
    }
    settle()
  }

  private mutating func act() {
    switch Int.random(in: 0..<20, using: &random) {
    case 0..<7: produce()
    case 7..<11: answer()
    case 11..<14: world.pass(Milliseconds.random(in: 1...400, using: &random), step: 50)
    case 14: world.holdsCommits.toggle()
    case 15:
      if Bool.random(using: &random) {
        world.flushCommit(result())
      } else {
        world.flushCommit(.fencedByGroup(reason: "x"))
        rebalance()
      }
    case 16:
      if world.holdsStore { world.flushStore() } else { world.holdsStore = true }
    case 17: world.commitResults.append(Bool.random(using: &random) ? .aborted(reason: "x") : .unknown(reason: "x"))
    case 18: rebalance()
    default: die()
    }
  }

  private mutating func produce() {
    produced += 1
    let user = Int64.random(in: 1...6, using: &random)
    var record: SourceRecord
    switch Int.random(in: 0..<10, using: &random) {
    case 0: record = request(user: user, id: "r\(produced)", key: "same", account: 9)
    case 1: record = request(user: user, id: "r\(produced)", key: "same")
    case 2:
      record = request(user: user, id: "bad\(produced)", extra: #","unknown":1"#)
    case 3:
      record = request(user: user, id: "r\(produced)", partition: Int32.random(in: 0..<4, using: &random))
    default: record = request(user: user, id: "r\(produced)", key: "k\(Int.random(in: 1...8, using: &random))")
    }
    record.timestamp = world.now.wall
    world.produce(record)
  }

  private mutating func answer() {
    collect()
    guard let index = hanging.indices.randomElement(using: &random) else { return }
    let call = hanging.remove(at: index)
    switch Int.random(in: 0..<8, using: &random) {
    case 0: world.answer(call, .status(503))
    case 1: world.answer(call, .lost(reason: "reset"))
    case 2: world.answer(call, .no("no"))
    default: world.answer(call, .token("t\(call.id)"))
    }
  }

  private mutating func result() -> CommitResult {
    switch Int.random(in: 0..<6, using: &random) {
    case 0: .aborted(reason: "x")
    case 2:
      .refused(
        decisions: Dictionary(uniqueKeysWithValues: (world.heldBatch?.decisions ?? []).prefix(1).map { ($0.id, "x") }))
    case 1:
      if let batch = world.heldBatch, Bool.random(using: &random) { landed(batch) } else { .unknown(reason: "x") }
    default: .committed(stateEnds: [:])
    }
  }

  private func landed(_ batch: Batch) -> CommitResult {
    world.land(batch)
    return .unknown(reason: "landed")
  }

  private mutating func rebalance() {
    // What is under way ends before the partitions go, as the loop sees to.
    world.send(.revoking)
    world.flushCommit(result())
    world.send(.revoked(Array(0..<EngineWorld.partitions)))
    world.assignAll()
  }

  private mutating func die() {
    deaths += 1
    collect()
    hanging = []
    seen = world.calls.count
    world.holdsCommits = false
    world.holdsStore = false
    world.restart(wiped: Bool.random(using: &random))
  }

  private var seen = 0

  private mutating func collect() {
    hanging += world.calls[seen...]
    seen = world.calls.count
  }

  private mutating func watchCalls() {
    collect()
    let users = Dictionary(grouping: hanging) { user(of: $0) }
    mostCallsOfAUser = max(mostCallsOfAUser, users.values.map(\.count).max() ?? 0)
  }

  private func user(of call: AdapterCall) -> Substring {
    let body = String(decoding: call.body, as: UTF8.self)
    return body.split(separator: ",").first ?? ""
  }

  private mutating func settle() {
    world.commitResults = []
    world.holdsCommits = false
    if world.holdsStore { world.flushStore() }
    world.flushCommit()
    // Long enough for what the broker refused to be tried again.
    for _ in 0..<200 {
      collect()
      for call in hanging { world.answer(call, .token("t\(call.id)")) }
      hanging = []
      world.pass(500, step: 50)
      if violations().isEmpty { return }
    }
  }

  func violations() -> [String] {
    var found: [String] = []
    if mostCallsOfAUser > 1 { found.append("a user had \(mostCallsOfAUser) calls at once") }
    for partition in world.unfounded.sorted() { found.append("partition \(partition) has an offset without identity") }
    for (partition, records) in world.requests where world.offsets[partition] != Int64(records.count) {
      found.append("partition \(partition) stands at \(world.offsets[partition] ?? -1) of \(records.count)")
    }
    let ends = Dictionary(grouping: world.published.filter { $0.topic != .requests }) { id(of: $0) }
    for (id, records) in ends where records.count > 1 { found.append("\(records.count) ends of \(id)") }
    found += unfinished()
    return found
  }

  /// Every link that any request asked for has ended.
  private func unfinished() -> [String] {
    world.state.values.compactMap { record in
      guard case .link(let link) = record, case .scheduled = link.state else { return nil }
      return "\(link.key) still waits"
    }
  }

  /// The event's id, or a dead letter's provenance.
  private func id(of record: OutgoingRecord) -> String {
    let text = String(decoding: record.value ?? [], as: UTF8.self)
    guard record.topic == .deadLetters else { return String(text.split(separator: ",")[1]) }
    return record.headers.filter {
      ["partition", "offset"].contains(
        String(decoding: $0.name.suffix(9), as: UTF8.self).split(separator: ".").last ?? "")
    }
    .map { String(decoding: $0.value ?? [], as: UTF8.self) }.joined(separator: "/")
  }
}
