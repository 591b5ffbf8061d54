import LinkCore

/// The worker's member of the group and its fetches, as librdkafka and `KafkaConsumer` do them.
final class Consumer: GroupClient {
  private unowned let process: Process
  private(set) var member: Int?
  private(set) var generation: Int32 = -1
  private var lanes: [Int32: Lane] = [:]
  /// Between the giving up of one generation's partitions and the next generation.
  private(set) var isJoining = false
  private var attempts = 0
  private var heartbeats = 0
  /// Counts assignments: what was fetched for an earlier one counts for nothing.
  private var round = 0
  private var fetched: [Polled] = []

  private struct Lane {
    var isStarted = false
    var isHeld = false
    /// The next offset to deliver, and to fetch.
    var position: Int64 = 0
    var fetchPosition: Int64 = 0
    var isFetching = false
    /// Everything was fetched: the log's next movement wakes it.
    var isWaiting = false
    var toldEnd: Int64 = -1
    /// Counts the starts.
    var start = 0
  }

  enum Polled {
    case record(SourceRecord)
    case end(Int32, Int64)

    var partition: Int32 {
      switch self {
      case .record(let record): record.partition
      case .end(let partition, _): partition
      }
    }
  }

  init(process: Process) { self.process = process }

  private var world: World { process.world }

  // MARK: - Membership

  /// Who it is now, for the fence; nil while it is in no generation.
  var metadata: GroupCoordinator.Metadata? {
    guard let member, generation >= 0 else { return nil }
    return .init(member: member, generation: generation)
  }

  func named(_ id: Int) { member = id }

  func join() {
    isJoining = true
    generation = -1
    let own = member
    let instance = world.plan.membersAreStatic ? process.slot.index : nil
    attempts += 1
    let attempt = attempts
    process.later(1500) { [self] in
      // Neither it nor its answer is sure to arrive.
      guard isJoining, attempt == attempts else { return }
      if world.broker.group.isStranger(member) { member = nil }
      join()
    }
    guard let delay = world.flight(process, .ordinary) else { return }
    world.agenda.after(delay) { [self] in
      guard !process.isDead, isJoining else { return }
      world.broker.group.join(self, member: own, instance: instance, attempt: attempt)
    }
  }

  func sendJoined(_ id: Int, _ generation: Int32, _ partitions: [Int32], attempt: Int) {
    guard let delay = world.flight(process, .ordinary) else { return }
    process.later(delay) { [self] in joined(id, generation, partitions, attempt: attempt) }
  }

  /// The group has a generation, and what of it is this member's.
  private func joined(_ id: Int, _ generation: Int32, _ partitions: [Int32], attempt: Int) {
    guard id == member, isJoining, attempt == attempts else { return }
    isJoining = false
    self.generation = generation
    process.post(.assigned(generation, partitions))
  }

  func leave() {
    guard let member, !world.plan.membersAreStatic, !process.isCutOff else { return }
    world.broker.group.leave(member)
    self.member = nil
  }

  /// The next heartbeat and its answer; the group sends nothing by itself.
  func heartbeatSoon() {
    heartbeats += 1
    let own = heartbeats
    process.later(world.milliseconds(5...300)) { [self] in
      guard own == heartbeats else { return }
      beat()
    }
  }

  private func beat() {
    guard world.flight(process, .ordinary) != nil else {
      return process.isCutOff ? () : process.later(300) { [self] in heartbeatSoon() }
    }
    switch world.broker.group.pulse(member, generation) {
    case .fine: break
    case .replaced:
      world.pass(.fencedAsReplaced)
      world.tell("worker \(process.slot.index) was replaced by another with its instance id, and ends")
      process.exit()
    case .rebalance:
      if isJoining { join() } else if generation >= 0 { process.post(.revoke(isLost: false)) }
    case .gone:
      guard generation >= 0 else { return }
      generation = -1
      if world.broker.group.isStranger(member) { member = nil }
      process.post(.revoke(isLost: true))
    }
  }

  // MARK: - Lanes

  func assign(_ generation: Int32, _ partitions: [Int32]) {
    round += 1
    fetched = []
    lanes = Dictionary(uniqueKeysWithValues: partitions.map { ($0, Lane()) })
    world.tell("worker \(process.slot.index) is assigned \(partitions) in generation \(generation)")
  }

  func revoke() -> [Int32] {
    round += 1
    fetched = []
    defer { lanes = [:] }
    return lanes.keys.sorted()
  }

  var partitions: [Int32] { lanes.keys.sorted() }

  func start(_ partition: Int32, at offset: Int64) {
    guard let lane = lanes[partition] else { return }
    var new = Lane(isStarted: true, position: offset, fetchPosition: offset)
    new.start = lane.start + 1
    lanes[partition] = new
    // librdkafka's seek drops what was fetched before it: a record beyond `offset` would come before those up to it, which would then be taken for seen.
    fetched.removeAll { $0.partition == partition }
    fetch(partition)
  }

  func pause(_ partition: Int32) { lanes[partition]?.isHeld = true }

  func resume(_ partition: Int32) {
    guard let lane = lanes[partition], lane.isHeld else { return }
    start(partition, at: lane.position)
  }

  func logMoved(_ partition: Int32) {
    guard let lane = lanes[partition], lane.isStarted, lane.isWaiting, !lane.isFetching else { return }
    fetch(partition)
  }

  /// The next offset of a partition that was received, for what is not the worker's way.
  func received(_ partition: Int32) -> Int64? { lanes[partition].flatMap { $0.isStarted ? $0.position : nil } }

  func poll() -> Polled? {
    while !fetched.isEmpty {
      let next = fetched.removeFirst()
      switch next {
      case .record(let record):
        guard let lane = lanes[record.partition], lane.isStarted, !lane.isHeld, record.offset >= lane.position else {
          continue
        }
        lanes[record.partition]?.position = record.offset + 1
        return next
      case .end(let partition, let offset):
        guard let lane = lanes[partition], lane.isStarted, !lane.isHeld, offset >= lane.position else { continue }
        return next
      }
    }
    return nil
  }

  private func fetch(_ partition: Int32) {
    guard let lane = lanes[partition], lane.isStarted, !lane.isHeld else { return }
    lanes[partition]?.isFetching = true
    lanes[partition]?.isWaiting = false
    let (own, start) = (round, lane.start)
    func isCurrent() -> Bool { own == round && lanes[partition]?.start == start }
    func again() {
      process.later(world.milliseconds(100...500)) { [self] in if isCurrent() { fetch(partition) } }
    }
    guard let there = world.flight(process, .ordinary) else { return again() }
    world.agenda.after(there) { [self] in
      let log = world.broker.requests[Int(partition)]
      let (entries, position) = log.read(from: lane.fetchPosition, limit: 8)
      let isAtEnd = position >= log.stableEnd
      guard let back = world.flight(process, .ordinary) else { return again() }
      process.later(back) { [self] in
        guard isCurrent() else { return }
        take(partition, entries, position, isAtEnd: isAtEnd)
      }
    }
  }

  private func take(_ partition: Int32, _ entries: [PartitionLog.Entry], _ position: Int64, isAtEnd: Bool) {
    for entry in entries {
      if case .request(let record) = entry.body { fetched.append(.record(record)) }
    }
    lanes[partition]?.fetchPosition = position
    lanes[partition]?.isFetching = false
    if isAtEnd {
      if lanes[partition]?.toldEnd != position { fetched.append(.end(partition, position)) }
      lanes[partition]?.toldEnd = position
      lanes[partition]?.isWaiting = true
      // What came meanwhile would not move the log again.
      if world.broker.requests[Int(partition)].stableEnd > position { fetch(partition) }
    } else {
      fetch(partition)
    }
    if !fetched.isEmpty { process.wake() }
  }
}
