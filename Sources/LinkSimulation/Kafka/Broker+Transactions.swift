import LinkCore

/// The transaction coordinator.
extension Broker {
  typealias Answer<Value> = Result<Value, Refusal>

  /// InitProducerId: a new epoch, once nothing of the transactional id is open any more.
  func initialise(_ producer: Int) -> Answer<Int> {
    let transaction = transactions[producer, default: Transaction()]
    switch transaction.phase {
    case .ending: return .failure(.concurrent)
    case .ongoing:
      world.pass(.openTransactionFreed)
      transactions[producer]?.epoch += 1
      end(producer, commit: false)
      return .failure(.concurrent)
    case .empty, .ended:
      transactions[producer, default: Transaction()].epoch += 1
      transactions[producer]?.phase = .empty
      return .success(transaction.epoch + 1)
    }
  }

  /// AddPartitionsToTxn.
  func add(_ places: Set<Place>, of producer: Int, epoch: Int) -> Answer<Void> {
    join(producer, epoch).map { transactions[producer]?.partitions.formUnion(places) }
  }

  /// AddOffsetsToTxn and TxnOffsetCommit.
  func send(
    _ offsets: [Int32: Int64], under identities: [Int32: Identity] = [:], of producer: Int, epoch: Int,
    _ member: GroupCoordinator.Metadata
  ) -> Answer<Void> {
    switch join(producer, epoch) {
    case .failure(let refusal): return .failure(refusal)
    case .success: break
    }
    transactions[producer]?.hasOffsets = true
    if let refusal = group.refusal(of: member) { return .failure(refusal) }
    group.hold(offsets, under: identities, of: producer)
    return .success(())
  }

  /// EndTxn: of whatever transaction of this epoch is open when it arrives.
  func finish(_ producer: Int, epoch: Int, commit: Bool) -> Answer<Void> {
    guard let transaction = transactions[producer], transaction.epoch == epoch else {
      world.pass(.lateEndFenced)
      return .failure(.fenced)
    }
    switch transaction.phase {
    case .ongoing:
      end(producer, commit: commit)
      return .success(())
    case .ending(commit): return .failure(.concurrent)
    case .ended(commit):
      world.pass(.repeatedEnd)
      return .success(())
    case .ending, .ended, .empty: return .failure(.invalidState)
    }
  }

  private func join(_ producer: Int, _ epoch: Int) -> Answer<Void> {
    guard let transaction = transactions[producer], transaction.epoch == epoch else { return .failure(.fenced) }
    switch transaction.phase {
    case .ongoing: return .success(())
    case .ending:
      world.pass(.concurrentTransactions)
      return .failure(.concurrent)
    case .empty, .ended:
      transactions[producer]?.phase = .ongoing
      transactions[producer]?.serial += 1
      transactions[producer]?.partitions = []
      transactions[producer]?.hasOffsets = false
      limit(producer, serial: transaction.serial + 1)
      return .success(())
    }
  }

  /// A transaction that is open for too long is aborted, and its producer fenced; the coordinator looks for them now and then.
  private func limit(_ producer: Int, serial: Int) {
    let lookout = Milliseconds.random(in: 0...(world.isCalm ? 500 : 8000), using: &world.random)
    world.agenda.after(world.plan.timing.transaction + lookout) { [self] in
      guard let transaction = transactions[producer], transaction.serial == serial, transaction.phase == .ongoing else {
        return
      }
      world.pass(.transactionTimedOut)
      world.tell("the transaction of producer \(producer) is too old and is aborted")
      transactions[producer]?.epoch += 1
      end(producer, commit: false)
    }
  }

  /// The decision is logged; the markers follow, in each partition for itself.
  private func end(_ producer: Int, commit: Bool) {
    guard let transaction = transactions[producer] else { return }
    transactions[producer]?.phase = .ending(commit: commit)
    world.tell("the coordinator \(commit ? "commits" : "aborts") the transaction of producer \(producer)")
    var left = transaction.partitions.count + (transaction.hasOffsets ? 1 : 0)
    let serial = transaction.serial
    // Topics that are made anew meanwhile get no marker of before.
    func write(_ marker: () -> Void) {
      guard transactions[producer]?.serial == serial else { return }
      marker()
      left -= 1
      if left == 0 { transactions[producer]?.phase = .ended(commit: commit) }
    }
    for place in transaction.partitions.sorted() {
      if commit { world.truth.committed(open(place, producer), at: place) }
      world.agenda.after(world.markerDelay()) { [self] in
        write { mark(place, producer, committed: commit) }
      }
    }
    if transaction.hasOffsets {
      world.agenda.after(world.markerDelay()) { [self] in
        write { group.release(producer, committed: commit) }
      }
    }
    if left == 0 { transactions[producer]?.phase = .ended(commit: commit) }
  }
}
