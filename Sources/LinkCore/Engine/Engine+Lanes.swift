/// Partitions come and go: steps 1, 8 and 10 of the protocol.
extension Engine {
  mutating func assign(_ partitions: [Int32]) {
    commits.isHeld = false
    var assigned: [LaneID] = []
    for partition in partitions.sorted() {
      epoch += 1
      let id = LaneID(partition: partition, epoch: epoch)
      lanes[partition] = Lane(id: id, nextPurge: now.uptime + settings.purgeInterval)
      assigned.append(id)
    }
    shareRate()
    if !assigned.isEmpty { effects.append(.restore(assigned)) }
  }

  /// This worker calls as often as its part of the partitions says: so the fleet as a whole keeps the rate, without a word to one another.
  private mutating func shareRate() {
    guard let rate = settings.callsPerSecond else { return }
    pace.share(Double(rate * max(lanes.count, 1)) / Double(settings.partitionCount), uptime: now.uptime)
  }

  mutating func open(_ opening: LaneOpening) {
    let partition = opening.lane.partition
    guard var lane = lanes[partition], lane.id == opening.lane, lane.phase == .restoring else { return }
    lane.phase = .open
    lane.offsets = OffsetTracker(committed: opening.position)
    lane.marks = Dictionary(opening.marks.map { ($0.offset, $0.digest) }, uniquingKeysWith: { _, last in last })
    lane.nextWake = opening.nextWake
    lane.identity = opening.identity ?? Identity(high: random.next(), low: random.next())
    lane.isFounded = opening.identity != nil
    lanes[partition] = lane
    effects.append(.note(.laneOpened(partition: partition, position: opening.position)))
    if !lane.isFounded || !opening.isCommitted {
      // From its first transaction on the lane has a committed number, and its state an identity.
      lanes[partition]?.hasMoved = true
      commits.noteMovement(now.uptime)
    }
    effects.append(.start(partition: partition, at: opening.position))
  }

  mutating func block(_ lane: LaneID, _ reason: String) {
    guard holds(lane) else { return }
    lanes[lane.partition]?.phase = .blocked
    effects.append(.note(.laneBlocked(partition: lane.partition, reason: reason)))
  }

  /// Forgets the lanes. Their calls go on, and what these bring is journaled; decisions that are not committed are dropped: the next owner
  /// makes them again, from the journal where it is on this disk.
  mutating func revoke(_ partitions: [Int32]) {
    for partition in partitions { lanes[partition] = nil }
    shareRate()
    let held = Set(lanes.values.map(\.id))
    commits.removeAll { !held.contains($0.lane) }
    let gone = active.filter { !holds($0.value.lane) }
    for (key, link) in gone.sorted(by: { $0.key < $1.key }) {
      active[key] = nil
      switch link.stage {
      case .queued: withdraw(key)
      case .lookingUp, .calling, .journaling, .decided: break
      }
    }
    let count = settings.partitionCount
    users.forgetParked { partitions.contains(HomePartition.of(userId: $0, partitionCount: count)) }
  }

  /// Takes a link that waits for its turn or a slot out of the way.
  mutating func withdraw(_ key: LinkKey) {
    guard !users.withdraw(key) else { return }
    ready.withdraw(key)
    endTurn(of: key)
  }

  mutating func reachEnd(_ partition: Int32, _ offset: Int64) {
    guard lanes[partition]?.phase == .open else { return }
    lanes[partition]?.offsets.reachEnd(offset)
    noteMovement(partition)
  }

  /// Lets the next transaction carry this lane's offset where nothing else makes it.
  mutating func noteMovement(_ partition: Int32) {
    guard let lane = lanes[partition], lane.offsets.position > lane.offsets.committed else { return }
    lanes[partition]?.hasMoved = true
    commits.noteMovement(now.uptime)
  }

  mutating func stop() {
    isStopping = true
    // What waits is left to the next owner: it is unsettled, or scheduled in the state topic.
    let waiting = active.filter { $0.value.stage == .queued }.keys.sorted()
    for key in waiting {
      active[key] = nil
      withdraw(key)
    }
  }

  mutating func finishIfStopped() {
    guard isStopping, !hasFinished, calls.isEmpty, commits.isIdle, !tickets.values.contains(where: \.mustFinish) else {
      return
    }
    hasFinished = true
    effects.append(.finished)
  }
}

extension Ticket {
  /// Whether a graceful stop waits for it.
  var mustFinish: Bool {
    switch self {
    case .journal, .apply: true
    case .lookUp, .recheck, .due, .parked, .expired: false
    }
  }
}
