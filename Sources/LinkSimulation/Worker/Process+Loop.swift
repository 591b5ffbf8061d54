import LinkCore

/// The loop, as `WorkerLoop` turns it.
extension Process {
  func post(_ happening: Happening) {
    inbox.append(happening)
    wake()
  }

  func wake() {
    guard !isTurning, !isBlocked else { return }
    isTurning = true
    later(world.milliseconds(0...1)) { [self] in turn() }
  }

  private func turn() {
    isTurning = false
    guard !isBlocked else { return }
    while !inbox.isEmpty, !isBlocked, !isDead, !isPaused { take(inbox.removeFirst()) }
    guard !isDead, !isPaused, !isBlocked else { return inbox.isEmpty ? () : wake() }
    while engine.wantsRecords, let next = consumer.poll() {
      switch next {
      case .record(let record):
        world.reach(.received, self)
        perform(.received(record))
      case .end(let partition, let offset): perform(.reachedEnd(partition: partition, offset: offset))
      }
      if isDead || isPaused { return }
    }
    perform(.tick)
    world.truth.watch(self)
    setTimer()
  }

  private func setTimer() {
    let at = world.agenda.now + max(1, engine.wait(now: now, limit: world.lookInterval))
    if let timer, timer <= at { return }
    timer = at
    later(at - world.agenda.now) { [self] in
      guard timer == at else { return }
      timer = nil
      turn()
    }
  }

  private func take(_ happening: Happening) {
    switch happening {
    case .event(let event): perform(event)
    case .assigned(let generation, let partitions):
      consumer.assign(generation, partitions)
      perform(.assigned(partitions))
    case .revoke(let isLost): revoke(isLost: isLost)
    }
  }

  /// Returns only when the transaction under way is committed, or aborted and its producer dropped.
  private func revoke(isLost: Bool) {
    guard !consumer.isJoining else { return }
    world.pass(publisher.passageOfRevoke)
    if restorer.isBusy { world.pass(.revokedRestoring) }
    if isLost { world.pass(.membershipLost) }
    restorer.cancel()
    perform(.revoking)
    guard changes.revokeWaits else { return endRevoke() }
    isBlocked = true
    publisher.whenIdle { [self] in
      world.reach(.revoking, self)
      later(0) { [self] in
        isBlocked = false
        endRevoke()
      }
    }
  }

  private func endRevoke() {
    // What came meanwhile is taken first, rebalances aside: those come one at a time.
    let waiting = inbox
    inbox = []
    for case .event(let event) in waiting { perform(event) }
    inbox = waiting.filter { if case .event = $0 { false } else { true } } + inbox
    let partitions = consumer.revoke()
    world.tell("worker \(slot.index) gives up \(partitions)")
    changes.revoked(self, partitions)
    world.truth.noteRevoked(self, partitions)
    perform(.revoked(partitions))
    if !isDead { consumer.join() }
    wake()
  }

  func perform(_ event: Event) {
    guard !isDead else { return }
    world.truth.noteTaken(event, self)
    for event in changes.altered(event, self) {
      let effects = step(event)
      notePassages(event, effects)
      changes.note(event, effects)
      for effect in effects { perform(effect) }
    }
  }

  private func perform(_ effect: Effect) {
    switch effect {
    case .restore(let lanes): restorer.restore(lanes)
    case .start(let partition, let offset): consumer.start(partition, at: offset)
    case .pause(let partition): consumer.pause(partition)
    case .resume(let partition): consumer.resume(partition)
    case .store(let work): submit(work)
    case .call(let call): if changes.lets(call) { make(call) }
    case .reloadCredential: reloadCredential()
    case .commit(let batch): commit(batch)
    case .reconcile(let batch): restorer.reconcile(batch)
    case .note(let note): tell(note)
    case .finished:
      world.pass(.stoppedWhole)
      later(0) { [self] in exit() }
    case .fail(let reason, _):
      world.pass(.fatal)
      world.tell("worker \(slot.index) ends: \(reason)")
      later(0) { [self] in exit() }
    }
  }

  func make(_ call: AdapterCall) {
    world.adapter.call(call, self)
    world.reach(.called, self)
  }

  /// The adapter client's thread looks at the credential's file.
  private func reloadCredential() {
    later(5) { [self] in
      guard credentialVersion != world.credentialVersion else { return }
      credentialVersion = world.credentialVersion
      post(.event(.credentialChanged))
    }
  }

  private func commit(_ batch: Batch) {
    guard let group = consumer.metadata else {
      return post(.event(.ended(batch: batch.id, .fencedByGroup(reason: "in no generation"))))
    }
    world.reach(.built, self)
    let isPurge = batch.decisions.contains { decision in
      decision.state.contains { if case .tombstone(.link) = $0 { true } else { false } }
    }
    if isPurge { world.reach(.purging, self) }
    changes.building(batch, self)
    publisher.commit(batch, group)
  }

  // MARK: - The store's thread

  /// All that waits is one transaction of the store.
  private func submit(_ work: [StoreWork]) {
    storeQueue += work
    guard !isStoreBusy else { return }
    isStoreBusy = true
    let isSlow = world.chance(world.plan.rates.slowStore)
    if isSlow { world.faultCounts[.slowStore, default: 0] += 1 }
    later(world.milliseconds(isSlow ? 20...1500 : 0...2)) { [self] in performWork() }
  }

  /// Does something with the store, behind all that was asked of it before.
  func withStore(_ errand: @escaping () -> Void) {
    if isStoreBusy { errands.append(errand) } else { errand() }
  }

  private func performWork() {
    isStoreBusy = false
    let work = storeQueue
    storeQueue = []
    defer {
      let waiting = errands
      errands = []
      for errand in waiting { errand() }
    }
    disk.view.now = now.wall
    let answers = disk.view.perform(work)
    let hasJournaled = work.contains { if case .journal = $0 { true } else { false } }
    if hasJournaled { disk.sync() }
    notePassages(answers)
    if hasJournaled {
      reach(.journaled) { [self] in post(.event(.stored(answers))) }
    } else {
      reach(.applied) { [self] in post(.event(.stored(answers))) }
    }
  }
}
