/// Links whose time has come, requests that wait too long for their user, and links past retention: step 9 of the protocol.
extension Engine {
  mutating func tick() {
    takeDue()
    for (partition, lane) in lanes.sorted(by: { $0.key < $1.key }) where lane.phase == .open { purge(partition, lane) }
    if gate.isRefused, now.uptime >= nextCredentialCheck {
      // Also where nobody waits: an alarm must end when its cause does.
      nextCredentialCheck = now.uptime + CredentialGate.checkInterval
      effects.append(.reloadCredential)
    }
    endOverdue()
    guard now.uptime >= nextHoldCheck else { return }
    nextHoldCheck = now.uptime + settings.userHoldLimit / 10
    endOverdueBehindOthers()
    releaseHeldUp()
  }

  /// Asks the store for due links as there is room for them: of each lane that has some for its share of it. The lane that is asked first changes.
  private mutating func takeDue() {
    let partitions = lanesToScan
    var room = dueRoom
    guard !isStopping, room >= settings.dueRoomLeast, !partitions.isEmpty else { return }
    let first = partitions.firstIndex { [lastScanned] in $0 > lastScanned } ?? 0
    for place in partitions.indices where room > 0 {
      let partition = partitions[(first + place) % partitions.count]
      let share = max(room / (partitions.count - place), 1)
      room -= share
      lastScanned = partition
      scan(partition, limit: share)
    }
  }

  private mutating func scan(_ partition: Int32, limit: Int) {
    guard let lane = lanes[partition], let wake = lane.nextWake else { return }
    let ticket = nextNumber()
    tickets[ticket] = .due(lane.id)
    lanes[partition]?.scanLimit = limit
    effects.append(
      .store([
        .takeDue(
          ticket: ticket, partition: partition, until: max(now.wall, wake), limit: limit, taken: lane.takenDue)
      ]))
  }

  /// Open lanes of which links are due in the store, in order.
  private var lanesToScan: [Int32] {
    var partitions: [Int32] = []
    for (partition, lane) in lanes where lane.mayScan {
      if lane.restingCount < settings.laneRestLimit, let wake = lane.nextWake, scanWait(lane, wake, now: now) == 0 {
        partitions.append(partition)
      }
    }
    return partitions.sorted()
  }

  /// How many more due links there may be in memory, over all lanes: requests that come in have a room of their own, or a backlog in Kafka would
  /// keep every link that waits in the store from its turn.
  private var dueRoom: Int {
    var asked = 0
    for lane in lanes.values { asked += lane.scanLimit ?? 0 }
    return settings.dueLimit - ready.dueCount - asked
  }

  /// How long until the store is asked for what wakes then.
  private func scanWait(_ lane: Lane, _ wake: Timestamp, now: Now) -> Milliseconds {
    let due = isDue(wake, at: now.wall) ? 0 : wake - now.wall
    return admitsCalls(uptime: now.uptime) ? due : max(due, lane.nextScan - now.uptime, 0)
  }

  /// Whether a call may be made now.
  private func admitsCalls(uptime: Milliseconds) -> Bool {
    gate.admits(uptime: uptime) && breaker.admits(uptime: uptime)
  }

  /// Whether what wakes then is due: also where that is further ahead than anything is ever scheduled. There the calendar was set back since, and
  /// who waits would wait for as long as it was ahead.
  private func isDue(_ wake: Timestamp, at wall: Timestamp) -> Bool {
    wake <= wall || wake - wall > longestWait + Self.putOffLimit
  }

  /// As far ahead as anything is ever scheduled or put off, but for the spread of what is put off.
  private var longestWait: Milliseconds {
    max(settings.retry.longestWait, CredentialGate.probeInterval + Self.putOffLimit)
  }

  /// Sets a link from the schedule aside in the store until its user's turn ends: at its deadline it ends there all the same.
  mutating func park(_ link: Link, _ lane: LaneID) {
    users.notePark(link.key.userId, nextNumber())
    let until = min(deadline(of: link), now.wall + longestWait)
    effects.append(.store([.park(partition: lane.partition, [(link.key, until: until)])]))
    noteWake(lane.partition, until)
  }

  mutating func due(_ ticket: UInt64, _ links: [DueLink], _ next: Timestamp?) {
    switch tickets.removeValue(forKey: ticket) {
    case .due(let lane)? where holds(lane):
      lanes[lane.partition]?.scanLimit = nil
      // What was scheduled while the store looked is due no later than the lane knows.
      let known = lanes[lane.partition]?.scheduledSinceScan
      lanes[lane.partition]?.nextWake = [next, known].compactMap(\.self).min()
      lanes[lane.partition]?.scheduledSinceScan = nil
      lanes[lane.partition]?.takenDue &+= links.count
      if !admitsCalls(uptime: now.uptime), !links.isEmpty, !links.contains(where: { isOverdue($0.link) }) {
        lanes[lane.partition]?.nextScan = now.uptime + settings.closedScanRest
      }
      let answered = lanes[lane.partition]?.answeredSinceScan ?? []
      lanes[lane.partition]?.answeredSinceScan = []
      for link in links {
        if answered.contains(link.link.key) { recheck(link, lane) } else { admitDue(link, lane) }
      }
    case .parked(let lane, let userId)? where holds(lane):
      if links.isEmpty { users.noteNoneParked(userId, asOf: ticket) }
      for link in links { admitDue(link, lane, isFirst: false) }
      // One that ended without a call, from the journal or by its deadline, took no turn: the next one has it.
      if !links.isEmpty, !users.isBusy(userId) { takeParked(of: userId) }
    case .due?, .parked?, .lookUp?, .recheck?, .journal?, .apply?, .expired?, nil: break
    }
  }

  /// Asks the store for the next link that waits there for its user's turn.
  mutating func takeParked(of userId: Int64) {
    guard let lane = lanes[home(of: userId)], lane.phase == .open, !isStopping else { return }
    let ticket = nextNumber()
    tickets[ticket] = .parked(lane.id, userId: userId)
    effects.append(.store([.takeParked(ticket: ticket, partition: lane.id.partition, userId: userId)]))
  }

  mutating func admitDue(_ due: DueLink, _ lane: LaneID, isFirst: Bool = true) {
    let key = due.link.key
    guard !isStopping else { return effects.append(.store([.wake(partition: lane.partition, keys: [key])])) }
    if active[key] != nil {
      // Its look-up for another request is under way; it is admitted when that is done.
      active[key]?.due = due
      return
    }
    guard due.journaled != nil || !users.isBusy(key.userId) || isOverdue(due.link) else {
      return park(due.link, lane)
    }
    admit(due.link, lane, settles: nil, journaled: due.journaled, isFirst: isFirst)
  }

  /// Settles as scheduled what its user's earlier request holds up for too long: 10 000 requests of one user must not hold the offset.
  private mutating func releaseHeldUp() {
    for key in users.queued.sorted() {
      guard let link = active[key], link.stage == .queued, link.settles != nil, var body = link.link,
        now.uptime - link.waitsSince > settings.userHoldLimit, users.withdraw(key)
      else { continue }
      body.state = .scheduled(due: now.wall)
      schedule(body, link.lane, settles: link.settles, as: .scheduled)
    }
  }

  private mutating func purge(_ partition: Int32, _ lane: Lane) {
    guard !isStopping, now.uptime >= lane.nextPurge else { return }
    lanes[partition]?.nextPurge = now.uptime + settings.purgeInterval
    let ticket = nextNumber()
    tickets[ticket] = .expired(lane.id)
    effects.append(
      .store([
        .listExpired(
          ticket: ticket, partition: partition, before: now.wall + -settings.stateRetention, limit: settings.purgeSlice)
      ]))
  }

  /// Tombstones links past retention, in a transaction like any other decision.
  mutating func expired(_ ticket: UInt64, _ keys: [LinkKey]) {
    guard case .expired(let lane)? = tickets.removeValue(forKey: ticket), holds(lane), !isStopping else { return }
    for key in keys where active[key] == nil {
      active[key] = ActiveLink(lane: lane, stage: .decided)
      propose(
        Proposal(id: nextNumber(), lane: lane, key: key, state: [.tombstone(.link(key))]))
    }
    // There may be more: soon, but not before these are gone.
    if keys.count == settings.purgeSlice { lanes[lane.partition]?.nextPurge = now.uptime + settings.purgeInterval / 60 }
  }

  /// Milliseconds until the engine has something to do by itself, at most `limit`.
  public func wait(now: Now, limit: Milliseconds) -> Milliseconds {
    var wait = limit
    if let at = commits.nextTimer(linger: settings.commitLinger) { wait = min(wait, at - now.uptime) }
    if !isStopping, dueRoom >= settings.dueRoomLeast {
      for lane in lanes.values where lane.mayScan && lane.restingCount < settings.laneRestLimit {
        if let wake = lane.nextWake { wait = min(wait, scanWait(lane, wake, now: now)) }
      }
    }
    if let next = nextDispatch(now: now) { wait = min(wait, next) }
    return max(wait, 0)
  }
}
