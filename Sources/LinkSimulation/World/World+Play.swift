import LinkCore

extension World {
  /// Plays the plan: first with faults, then until everything has settled.
  func play(patience: Milliseconds) {
    for slot in slots { start(slot, after: milliseconds(0...500)) }
    for request in plan.requests { agenda.after(request.time) { [self] in write(request) } }
    for incident in plan.incidents {
      guard case .time(let time) = incident.trigger else { continue }
      agenda.after(time) { [self] in befall(incident, slots[min(incident.worker, slots.count - 1)]) }
    }
    while agenda.turn(until: plan.calmAt) { if !truth.violations.isEmpty { return } }
    calm()
    awaitRest()
    settle(until: plan.calmAt + patience)
    if truth.violations.isEmpty { truth.close() }
  }

  func write(_ request: PlannedRequest) {
    let home = HomePartition.of(userId: request.user, partitionCount: plan.partitions)
    let partition = min(request.partition ?? home, plan.partitions - 1)
    let record = request.record(partition: partition, at: wall)
    for copy in 0..<Milliseconds(request.copies) {
      // A replay that is sent once more finds the link where the first one has led it.
      if case .replay = request.ask, copy > 0 {
        agenda.after(copy * 5000) { [self] in write(record, of: request, partition) }
      } else {
        write(record, of: request, partition)
      }
    }
  }

  private func write(_ record: SourceRecord, of request: PlannedRequest, _ partition: Int32) {
    let offset = broker.write(record)
    tell("\(request) is written at \(partition)/\(offset)")
    truth.noteWritten(request, partition, offset)
  }

  /// The faults stop: what stands still goes on, and what is down comes up.
  private func calm() {
    tell("the faults stop")
    isCalm = true
    awaited = []
    for process in processes {
      process.wakeUp()
      process.reconnect()
    }
    for slot in slots {
      // A clock that is far off would keep links waiting for as long: it is set right.
      slot.clockOffset = 0
    }
  }

  private func settle(until end: Milliseconds) {
    var nextLook = agenda.now + 1000
    var looks = 0
    while truth.violations.isEmpty {
      while agenda.turn(until: nextLook) { if !truth.violations.isEmpty { return } }
      if truth.isSettled { return }
      looks += 1
      if looks % 3 == 0 { for process in processes where !process.isDead { process.consumer.heartbeatSoon() } }
      guard nextLook < end else { return truth.violate("liveness: \(truth.unsettled)") }
      nextLook += lookInterval < 1000 ? 1000 : 10_000
    }
  }

  /// How long a loop sleeps at most: in the worker 100 ms, here longer, and longer still once only a link's deadline can move anything.
  var lookInterval: Milliseconds {
    awaitsStubbornEnd || agenda.now < (stubbornEnd ?? plan.calmAt) + 60_000 ? 400 : 5000
  }

  /// Lets go of everything that refers to it.
  func clear() {
    agenda.clear()
    broker.clear()
    truth.clear()
    for process in processes { process.clear() }
    for slot in slots { slot.process = nil }
    processes = []
  }
}
