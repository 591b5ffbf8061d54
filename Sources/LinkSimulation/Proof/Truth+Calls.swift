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
      life: forgotten[key] ?? 0)
    judge(record, known)
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
    // Of several copies a later one may have been taken for the first, by a clock so far ahead that the earlier ones seemed too old: the answer to
    // it serves none of the others.
    return requestNumber(of: answer.outcome) == new.number && places.count == 1
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

  func noteAnswer(_ record: CallRecord, isFinal: Bool) {
    record.isAnswered = true
    record.isFinal = isFinal
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
