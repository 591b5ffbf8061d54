import LinkCore

/// I3: calls of a link, counted against what explains them; and I9.
extension Truth {
  /// Judges a call as it is made.
  func noteCall(_ call: AdapterCall, _ process: Process) -> CallRecord? {
    guard let number = PlannedRequest.number(of: call.trace), let request = requestsByNumber[number],
      case .link(let user, _, let account, _) = request.ask, let key = request.link
    else {
      violate("a call is for no request")
      return nil
    }
    let known = state[key]
    let record = CallRecord(
      key: key, process: process, partition: HomePartition.of(userId: user, partitionCount: world.plan.partitions),
      replay: known?.replay ?? 0, life: forgotten[key] ?? 0, account: account, began: world.agenda.now)
    judge(record, known)
    if let broken = views[process.number, default: AdapterView()].noteCall(call.id, record, now: world.agenda.now) {
      violate(broken)
    }
    remember(record)
    return record
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
      if old.process.disk === new.process.disk, holdsAnswer(new, old) {
        violate("I3: link \(new.key) is called for again although its answer is in the journal")
      }
    }
  }

  private func holdsAnswer(_ new: CallRecord, _ old: CallRecord) -> Bool {
    guard let entry = new.process.disk.view.journal[JournalKey(link: new.key, replay: new.replay)] else { return false }
    let scope = LinkScope(brokerNames: ["b"], accounts: .some([new.account]))
    return entry.expiresAt > new.process.now.wall
      && entry.fingerprint == scope.fingerprint(userId: new.key.userId, sha256: world.sha256)
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
    case .assigned, .opened, .blocked, .lost, .revoking, .revoked, .received, .reachedEnd, .stored, .ended, .tick,
      .stop:
      break
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
