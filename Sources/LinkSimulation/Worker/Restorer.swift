import LinkCore

/// The restore thread: `Restorer`, `LaneRestore` and `TailSearch`, step by step.
final class Restorer {
  private unowned let process: Process
  private var generation = 0
  private var jobs: [(@escaping () -> Void) -> Void] = []
  private(set) var isBusy = false

  init(process: Process) { self.process = process }

  private var world: World { process.world }
  private var disk: Disk { process.disk }

  /// Has what is under way given up: its lanes have gone.
  func cancel() { generation += 1 }

  func clear() { jobs = [] }

  /// Restores lanes; each is reported as opened or blocked.
  func restore(_ lanes: [LaneID]) {
    let own = generation
    enqueue { [self] done in attempt(lanes, own, done) }
  }

  /// Finds out whether a batch was committed.
  func reconcile(_ batch: Batch) {
    enqueue { [self] done in
      if let guess = process.changes.guess { return conclude(batch, guess, done) }
      world.mutant == .tailWithoutNewProducer ? seek(batch, done) : search(batch, done)
    }
  }

  private func enqueue(_ job: @escaping (@escaping () -> Void) -> Void) {
    jobs.append(job)
    if !isBusy { next() }
  }

  private func next() {
    guard !jobs.isEmpty else {
      isBusy = false
      return
    }
    isBusy = true
    let job = jobs.removeFirst()
    job { [self] in process.later(0) { [self] in next() } }
  }

  // MARK: - Restoring

  /// What one restore has found.
  private final class Pass {
    let lanes: [LaneID]
    let generation: Int
    let done: () -> Void
    var committed: [Int32: Int64] = [:]
    /// The identities under which workers committed them.
    var identities: [Int32: Identity] = [:]
    var ends: [Int32: Int64] = [:]
    var positions: [Int32: Int64] = [:]
    var blocked: [Int32: String] = [:]

    init(_ lanes: [LaneID], _ generation: Int, _ done: @escaping () -> Void) {
      self.lanes = lanes
      self.generation = generation
      self.done = done
    }
  }

  private func attempt(_ lanes: [LaneID], _ own: Int, _ done: @escaping () -> Void) {
    guard own == generation else { return done() }
    process.publisher.prepare { [self] isReady in
      guard own == generation else { return done() }
      guard isReady else {
        process.later(200) { [self] in attempt(lanes, own, done) }
        return
      }
      process.reach(.restoring) { [self] in readOffsets(Pass(lanes, own, done)) }
    }
  }

  private func readOffsets(_ pass: Pass) {
    guard pass.generation == generation else { return pass.done() }
    let partitions = pass.lanes.map(\.partition)
    asking(
      pass, { broker in broker.group.stableOffsets(partitions).map { (offsets: $0, names: broker.group.identities) } }
    ) { [self] found in
      guard let found else {
        world.pass(.offsetsUnstable)
        process.later(world.milliseconds(20...200)) { [self] in readOffsets(pass) }
        return
      }
      (pass.committed, pass.identities) = (found.offsets, found.names)
      if partitions.contains(where: { found.offsets[$0] == nil }) { world.pass(.withoutCommittedOffset) }
      process.reach(.offsetsRead) { [self] in readEnds(pass) }
    }
  }

  private func readEnds(_ pass: Pass) {
    let partitions = pass.lanes.map(\.partition)
    let isStable = world.mutant == .stableStateEnd
    asking(
      pass,
      { broker in
        Dictionary(
          uniqueKeysWithValues: partitions.map {
            ($0, isStable ? broker.state[Int($0)].stableEnd : broker.state[Int($0)].end)
          })
      }
    ) { [self] ends in
      pass.ends = ends
      process.reach(.endRead) { [self] in choose(pass) }
    }
  }

  private func choose(_ pass: Pass) {
    process.withStore { [self] in chooseNow(pass) }
  }

  private func chooseNow(_ pass: Pass) {
    disk.view.now = process.now.wall
    for lane in pass.lanes { choose(lane.partition, pass) }
    guard world.mutant != .restoreNotAwaited else { return finish(pass) }
    read(pass)
  }

  /// From where the state partition has to be read: from the checkpoint where the view is of this very log and not too old, else anew.
  private func choose(_ partition: Int32, _ pass: Pass) {
    pass.positions[partition] = 0
    guard let view = disk.view.views[partition], view.checkpoint > 0 else {
      if !process.changes.trustsOwnDisk { disk.view.begin(partition) }
      return world.pass(.restoredWhole)
    }
    guard isOfThisLog(view, partition) else {
      world.pass(.viewOfOtherLog)
      return disk.view.begin(partition)
    }
    guard process.now.wall - view.checkpointedAt < world.plan.timing.tombstones else {
      world.pass(.viewTooOld)
      return disk.view.begin(partition)
    }
    guard view.checkpoint <= pass.ends[partition] ?? 0 || world.mutant != nil else {
      pass.blocked[partition] = "the local store is ahead of the state topic"
      return
    }
    world.pass(.restoredFromCheckpoint)
    pass.positions[partition] = view.checkpoint
  }

  private func isOfThisLog(_ view: StoreView.View, _ partition: Int32) -> Bool {
    guard let identity = view.identity,
      case .state(.identity(partition, identity))? =
        world.broker.state[Int(partition)].entry(at: view.identityOffset ?? 0)?.body
    else { return false }
    return true
  }

  /// Reads what is committed until the ends are reached; behind an open transaction it waits.
  private func read(_ pass: Pass) {
    guard pass.generation == generation else { return pass.done() }
    let left = pass.positions.filter { $0.value < pass.ends[$0.key] ?? 0 && pass.blocked[$0.key] == nil }
    guard !left.isEmpty else { return finish(pass) }
    asking(
      pass,
      { broker in
        left.map { partition, position in (partition, broker.state[Int(partition)].read(from: position, limit: 50)) }
      }
    ) { [self] read in
      guard pass.generation == generation else { return pass.done() }
      var isStuck = true
      for (partition, found) in read {
        absorb(partition, found.entries, pass)
        if found.position > pass.positions[partition] ?? 0 { isStuck = false }
        pass.positions[partition] = found.position
      }
      if isStuck { world.pass(.restoreWaitedForTransaction) }
      process.later(isStuck ? world.milliseconds(20...200) : 1) { [self] in self.read(pass) }
    }
  }

  private func absorb(_ partition: Int32, _ entries: [PartitionLog.Entry], _ pass: Pass) {
    let records = entries.compactMap { entry -> (offset: Int64, record: StateRecord)? in
      guard entry.offset < pass.ends[partition] ?? 0, case .state(let record) = entry.body else { return nil }
      return (entry.offset, record)
    }
    guard let last = records.last else { return }
    process.withStore { [self] in
      disk.view.now = process.now.wall
      disk.view.absorb(partition, records, checkpoint: last.offset + 1)
    }
  }

  private func finish(_ pass: Pass) {
    process.withStore { [self] in finishNow(pass) }
  }

  private func finishNow(_ pass: Pass) {
    guard pass.generation == generation else { return pass.done() }
    disk.view.now = process.now.wall
    for lane in pass.lanes where pass.blocked[lane.partition] == nil {
      if world.mutant != .restoreNotAwaited {
        disk.view.absorb(lane.partition, [], checkpoint: pass.ends[lane.partition] ?? 0)
      }
      disk.view.resetWakes(lane.partition)
    }
    disk.view.expireJournal()
    process.reach(.restored) { [self] in
      asking(pass, { broker in broker.requests.map(\.end) }) { [self] highs in
        for lane in pass.lanes where pass.generation == generation {
          process.post(.event(opening(lane, pass, high: highs[Int(lane.partition)])))
        }
        pass.done()
      }
    }
  }

  private func opening(_ lane: LaneID, _ pass: Pass, high: Int64) -> Event {
    let partition = lane.partition
    if let reason = pass.blocked[partition] { return .blocked(lane, reason: reason) }
    let marks = disk.view.marks(partition)
    process.notePassages(marks, partition)
    let committed = pass.committed[partition]
    if let committed, committed > high { return .blocked(lane, reason: "the committed offset is not in the partition") }
    if committed == nil, disk.view.hasLinks(partition) || !marks.isEmpty, !process.slot.startsFromBeginning {
      return .blocked(lane, reason: "no committed offset, but there is state")
    }
    let name = pass.identities[partition]
    if let name, name != disk.view.views[partition]?.identity {
      return .blocked(lane, reason: "a committed offset, but not the identity under which it was committed")
    }
    return .opened(
      LaneOpening(
        lane: lane, position: committed ?? 0, isCommitted: name != nil,
        identity: disk.view.views[partition]?.identity, marks: marks, nextWake: disk.view.nextWake(partition)))
  }

  /// Asks until there is an answer, or the lanes have gone.
  private func asking<Answer>(
    _ pass: Pass, _ execute: @escaping (Broker) -> Answer, then: @escaping (Answer) -> Void
  ) {
    guard pass.generation == generation else { return pass.done() }
    process.ask(until: world.agenda.now + 2000, { [world] in execute(world.broker) }) { [self] answer in
      guard pass.generation == generation else { return pass.done() }
      if let answer { then(answer) } else { asking(pass, execute, then: then) }
    }
  }

  // MARK: - Reconciling

  /// Not bound to a generation: the engine commits nothing more before it knows.
  private func search(_ batch: Batch, _ done: @escaping () -> Void) {
    process.publisher.prepare { [self] isReady in
      guard isReady else {
        process.later(200) { [self] in search(batch, done) }
        return
      }
      seek(batch, done)
    }
  }

  private func seek(_ batch: Batch, _ done: @escaping () -> Void) {
    var sought: [Int32: [StateRecord]] = [:]
    for decision in batch.decisions where !decision.state.isEmpty {
      sought[decision.partition, default: []] += decision.state
    }
    guard !sought.isEmpty else { return conclude(batch, false, done) }
    readTailEnds(batch, sought, done)
  }

  private func readTailEnds(_ batch: Batch, _ sought: [Int32: [StateRecord]], _ done: @escaping () -> Void) {
    process.ask(
      until: world.agenda.now + 2000,
      { [world] in Dictionary(uniqueKeysWithValues: sought.keys.map { ($0, world.broker.state[Int($0)].end) }) }
    ) { [self] ends in
      guard let ends else { return readTailEnds(batch, sought, done) }
      let starts = sought.mapValues { _ in Int64(0) }.map { ($0.key, disk.view.views[$0.key]?.checkpoint ?? 0) }
      readTail(batch, sought, Dictionary(uniqueKeysWithValues: starts), ends, done)
    }
  }

  private func readTail(
    _ batch: Batch, _ sought: [Int32: [StateRecord]], _ positions: [Int32: Int64], _ ends: [Int32: Int64],
    _ done: @escaping () -> Void
  ) {
    let left = positions.filter { $0.value < ends[$0.key] ?? 0 }
    guard !left.isEmpty else { return conclude(batch, false, done) }
    process.ask(
      until: world.agenda.now + 2000,
      { [world] in left.map { ($0.key, world.broker.state[Int($0.key)].read(from: $0.value, limit: 50)) } }
    ) { [self] read in
      var positions = positions
      var left = sought
      for (partition, found) in read ?? [] {
        positions[partition] = found.position
        for case .state(let record) in found.entries.map(\.body) { left[partition]?.removeAll { $0 == record } }
      }
      guard !left.values.allSatisfy(\.isEmpty) else { return conclude(batch, true, done) }
      process.later(world.milliseconds(1...50)) { [self] in readTail(batch, left, positions, ends, done) }
    }
  }

  private func conclude(_ batch: Batch, _ isCommitted: Bool, _ done: @escaping () -> Void) {
    world.pass(isCommitted ? .unknownCommitted : .unknownAborted)
    world.tell("worker \(process.slot.index): batch \(batch.id) turns out \(isCommitted ? "committed" : "aborted")")
    process.post(
      .event(.ended(batch: batch.id, isCommitted ? .committed(stateEnds: [:]) : .aborted(reason: "not in the state"))))
    done()
  }
}
