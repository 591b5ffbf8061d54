import LinkCore

/// What befalls the workers, and what their operator does.
extension World {
  /// Whether something is to happen here, and lets it.
  func reach(_ point: Incident.Point, _ process: Process) {
    guard !awaited.isEmpty, !isCalm else { return }
    var due: [Incident] = []
    for index in awaited.indices.reversed() {
      guard case .point(point, _) = awaited[index].incident.trigger else { continue }
      awaited[index].left -= 1
      if awaited[index].left <= 0 { due.append(awaited.remove(at: index).incident) }
    }
    for incident in due { befall(incident, process.slot) }
  }

  func befall(_ incident: Incident, _ slot: Slot) {
    guard !isCalm else { return }
    faultCounts[incident.fault, default: 0] += 1
    let process = slot.process
    switch incident.kind {
    case .kill(let fate, let down):
      tell("worker \(slot.index) is killed; its disk is \(fate.rawValue)")
      process?.die()
      slot.disk.suffer(fate)
      if fate == .lost, !plan.namesAreConfigured { slot.disk.name += plan.workers }
      start(slot, after: down)
    case .pause(let length): process?.pause(length)
    case .replace(let length): replace(slot, for: length)
    case .cutOff(let length): process?.cutOff(length)
    case .stop(let down): process?.stop(down: down)
    case .copyDisk: slot.disk.makeCopy()
    case .jumpClock(let jump):
      tell("worker \(slot.index)'s clock jumps by \(jump) ms")
      slot.clockOffset += jump
    case .compact:
      tell("the state topic is compacted")
      broker.compact()
    case .anew(let all): makeAnew(all: all)
    case .adapterDown(let length):
      tell("the adapter goes down")
      adapterDownUntil = max(adapterDownUntil, agenda.now + length)
    case .credentialRefused(let length):
      tell("the adapter refuses the credential")
      credentialRefusedUntil = max(credentialRefusedUntil, agenda.now + length)
      // Half of the time it is mended by another credential, else the adapter takes this one again.
      guard length.isMultiple(of: 2) else { return }
      agenda.after(length) { [self] in
        tell("the credential is replaced")
        credentialVersion += 1
      }
    }
  }

  /// Its machine is given up, and the worker started on another; the first one may come back.
  private func replace(_ slot: Slot, for length: Milliseconds) {
    guard let process = slot.process, !process.isDead, !process.isPaused else { return }
    process.pause(length)
    slot.process = nil
    slot.disk = Disk(name: plan.namesAreConfigured ? slot.disk.name : slot.disk.name + plan.workers)
    start(slot, after: milliseconds(100...3000))
  }

  /// The operator stops all workers, makes topics anew, and starts the workers from the beginning.
  private func makeAnew(all: Bool) {
    tell(all ? "all topics are made anew" : "the requests topic is made anew")
    for process in processes { process.die() }
    for slot in slots {
      slot.startsFromBeginning = true
      start(slot, after: milliseconds(100...2000))
    }
    truth.makeAnew(all: all)
    broker.makeAnew(all: all)
  }

  /// Starts a worker's process unless there is one by then.
  func start(_ slot: Slot, after delay: Milliseconds) {
    agenda.after(delay) { [self] in
      guard slot.process?.isDead ?? true else { return }
      let process = Process(world: self, slot: slot, number: processes.count)
      tell("worker \(slot.index) starts as process \(process.number)")
      slot.process = process
      processes.append(process)
      process.consumer.join()
    }
  }

  /// A worker reports that a lane stands still: its operator looks, and starts it from the beginning.
  func noteBlocked(_ process: Process) {
    pass(.laneBlocked)
    agenda.after(milliseconds(500...3000)) { [self] in
      guard !process.isDead else { return }
      tell("the operator starts worker \(process.slot.index) from the beginning")
      process.slot.startsFromBeginning = true
      process.die()
      start(process.slot, after: 200)
    }
  }
}
