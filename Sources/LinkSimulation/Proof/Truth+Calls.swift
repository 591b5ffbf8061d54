import LinkCore

/// I3: calls of a link, counted against what explains them; and I9.
extension Truth {
  /// Judges a call as it is made.
  func noteCall(_ call: AdapterCall, _ process: Process) -> CallRecord? {
    guard let number = PlannedRequest.number(of: call.trace), let request = requestsByNumber[number],
      case .link(let user, _, _, _) = request.ask, let key = request.link
    else {
      violate("a call is for no request")
      return nil
    }
    let known = state[key]
    let record = CallRecord(
      key: key, number: number, process: process,
      partition: HomePartition.of(userId: user, partitionCount: world.plan.partitions), replay: known?.replay ?? 0,
      life: forgotten[key] ?? 0, began: world.agenda.now)
    judge(record, known)
    if record.replay == 0, let deadline = deadline(of: number), process.now.wall >= deadline {
      violate("I11: link \(key) is called for at or after its deadline")
    }
    if let broken = views[process.number, default: AdapterView()].noteCall(call.id, record, now: world.agenda.now) {
      violate(broken)
    }
    remember(record)
    return record
  }

  /// The own deadline of a request, where it has one: no call of its link at replay number 0 may come after it.
  func deadline(of number: Int) -> Timestamp? {
    guard let first = written.first(where: { $0.request.number == number }),
      case .link(_, _, _, let own?) = first.request.ask
    else { return nil }
    return min(first.at + own, first.at + (world.plan.timing.retention - first.request.age))
  }

  /// Judges an end by deadline: not before it, and soon after it where nothing goes wrong any more.
  func noteEnd(byDeadline number: Int, at time: Timestamp?) {
    guard let time, let deadline = deadline(of: number) else { return }
    if time < deadline { violate("I11: request r\(number) has failed for a deadline that had not come") }
    guard world.isCalm, !world.plan.faults.contains(.clock) else { return }
    let calm = world.wall + (world.plan.calmAt - world.agenda.now)
    if time - max(deadline, calm) > 60_000 { violate("I11: request r\(number) has failed long after its deadline") }
  }

  private func judge(_ new: CallRecord, _ known: Link?) {
    // A worker that does not know yet that it has lost the partition may call once more.
    guard world.broker.group.owns(new.process.consumer.member, new.partition) else { return }
    if known?.isDone == true { return violate("I3: link \(new.key) is called for although it has ended") }
    for old in calls[new.key] ?? []
    where old.replay == new.replay && old.life == new.life && old.isFinal && old.isAnswered {
      guard
        old.isLost
          || old.process !== new.process && !world.broker.group.owns(old.process.consumer.member, old.partition)
      else {
        return violate(
          "I3: link \(new.key) is called for again although worker \(old.process.slot.index) has its answer")
      }
      if old.process.disk === new.process.disk, holdsAnswer(new) {
        violate("I3: link \(new.key) is called for again although its answer is in the journal")
      }
    }
  }

  /// Whether the disk has the answer to this very request.
  private func holdsAnswer(_ new: CallRecord) -> Bool {
    guard let entry = new.process.disk.view.journal[JournalKey(link: new.key, replay: new.replay)],
      entry.expiresAt > new.process.now.wall, let answer = try? JournalPayload(decoding: entry.payload)
    else { return false }
    let places = written.filter { $0.request.number == new.number }
    // By a clock so far ahead that the earlier copies of a request seemed too old, a later one may have been taken for the first: the answer to it
    // serves none of the others.
    let mayBeOfOtherCopy = places.count > 1 && world.plan.faults.contains(.clock)
    return requestNumber(of: answer.outcome) == new.number && !mayBeOfOtherCopy
  }

  private func requestNumber(of outcome: OutgoingRecord) -> Int? {
    outcome.value.flatMap { try? JSONValue(parsing: $0, rootLevel: 0) }.flatMap(\.requestNumber)
  }

  /// Whether a journaled answer is of another scope than the first request of its link asks for.
  func isOfOtherRequest(_ entry: JournalEntry) -> Bool {
    let first = written.first { !$0.isExcused && $0.request.link == entry.key.link }
    guard case .link(let user, _, let account, _)? = first?.request.ask else { return false }
    let scope = LinkScope(brokerNames: ["b"], accounts: .some([account]))
    return scope.fingerprint(userId: user, sha256: world.sha256) != entry.fingerprint
  }

  /// A process takes in what happened: as it really was, whatever a mutant makes of it.
  func noteTaken(_ event: Event, _ process: Process) {
    switch event {
    case .answered(let call, _): views[process.number]?.noteAnswer(call, now: world.agenda.now)
    case .credentialChanged: views[process.number]?.noteRenewal(now: world.agenda.now)
    case .assigned, .opened, .blocked, .lost, .revoking, .revoked, .stop: noteUnrest()
    case .received, .reachedEnd, .stored, .ended, .tick: break
    }
  }

  /// P7: a link fails for what the adapter answered to it, or by its deadline.
  func explain(_ outcome: Outcome) {
    // What was asked in an earlier life of the topics is not remembered.
    guard let code = outcome.code, worldLife == 0 else { return }
    // By clocks that are far apart an attempt before the replay may seem to be one after it.
    let isSkewed = world.plan.faults.contains(.clock)
    let answers = (calls[outcome.key] ?? []).filter { isSkewed || $0.replay == outcome.replay }.compactMap(\.verdict)
    func has(_ count: Int, _ isReason: (Attempt.Verdict) -> Bool) -> Bool { answers.count(where: isReason) >= count }
    let isExplained =
      switch code {
      case .adapterRejected: has(1) { $0 == .rejected }
      case .userForbidden: has(2) { $0 == .forbidden }
      case .attemptsExhausted:
        has(world.plan.timing.attemptLimit) { [.transient, .ambiguous, .rejected, .succeeded].contains($0) }
      case .ambiguousExhausted: has(world.plan.timing.ambiguousLimit) { $0 == .ambiguous }
      case .deadlineExceeded: true
      }
    guard !isExplained else { return }
    violate("P7: link \(outcome.key) fails with \(code.rawValue), which no answer of the adapter explains")
  }

  func noteRevoked(_ process: Process, _ partitions: [Int32]) {
    lose { $0.process === process && partitions.contains($0.partition) }
  }

  func noteDeath(_ process: Process) { lose { $0.process === process } }

  private func lose(_ isLost: (CallRecord) -> Bool) {
    for records in calls.values { for record in records where isLost(record) { record.isLost = true } }
  }

  /// I9: what a worker holds is bounded.
  func watch(_ process: Process) {
    let load = process.load
    if load.calls > 4 { violate("I9: worker \(process.slot.index) makes \(load.calls) calls at once") }
    if load.unsettled > 32 { violate("I9: worker \(process.slot.index) holds \(load.unsettled) unsettled records") }
    if load.ready > 24 { violate("I9: worker \(process.slot.index) has \(load.ready) links that wait for a slot") }
  }
}
