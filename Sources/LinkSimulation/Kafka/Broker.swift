import LinkCore

/// Kafka: the logs of the four topics, the transaction coordinator and the group coordinator, as real brokers behave to librdkafka.
final class Broker {
  unowned let world: World
  let group: GroupCoordinator
  private(set) var requests: [PartitionLog]
  private(set) var state: [PartitionLog]
  private(set) var outcomes = PartitionLog()
  private(set) var deadLetters = PartitionLog()
  /// By transactional id.
  var transactions: [Int: Transaction] = [:]
  /// Produce requests that were executed: a repeated one has the same answer (idempotence by sequence numbers).
  private var produced: [Int: Produced] = [:]
  /// Counts the lives of the requests topic.
  private(set) var topicLife = 0

  struct Transaction {
    var epoch = 0
    var phase = Phase.empty
    var partitions: Set<Place> = []
    var hasOffsets = false
    /// Counts the transactions of this id.
    var serial = 0

    enum Phase: Equatable { case empty, ongoing, ending(commit: Bool), ended(commit: Bool) }
  }

  /// A partition of one of the topics.
  struct Place: Hashable, Comparable {
    var topic: TopicRole
    var partition: Int32

    static func < (left: Place, right: Place) -> Bool {
      (left.topic.rawValue, left.partition) < (right.topic.rawValue, right.partition)
    }
  }

  /// What a producer is told.
  enum Refusal: Error, Equatable {
    /// INVALID_PRODUCER_EPOCH or PRODUCER_FENCED.
    case fenced
    /// CONCURRENT_TRANSACTIONS: ask again.
    case concurrent
    /// INVALID_TXN_STATE.
    case invalidState
    /// ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID.
    case generation, member, instance
    /// Records that are refused for themselves, by their place in the request.
    case records([Int])
  }

  typealias Produced = Result<[Int32: Int64], Refusal>

  init(world: World, partitions: Int32) {
    self.world = world
    group = GroupCoordinator(world: world, partitions: partitions)
    requests = Array(repeating: PartitionLog(), count: Int(partitions))
    state = requests
  }

  // MARK: - Writing

  /// Writes a request as a client area does.
  func write(_ record: SourceRecord) -> Int64 {
    let offset = requests[Int(record.partition)].append(.request(record), of: nil, at: world.agenda.now)
    requestsMoved(record.partition)
    return offset
  }

  /// Appends a producer's records to partitions that are in its open transaction. The state ends of what was written, by partition.
  func produce(
    _ records: [(place: Place, body: PartitionLog.Body)], of producer: Int, epoch: Int, request: Int
  ) -> Produced {
    guard let transaction = transactions[producer], transaction.epoch == epoch else { return .failure(.fenced) }
    if let done = produced[request] { return done }
    guard transaction.phase == .ongoing, records.allSatisfy({ transaction.partitions.contains($0.place) }) else {
      return .failure(.invalidState)
    }
    let refused = records.indices.filter { world.refuses(records[$0].body) }
    guard refused.isEmpty else { return .failure(.records(refused)) }
    var ends: [Int32: Int64] = [:]
    for (place, body) in records { ends[place.partition] = append(body, place, of: producer) + 1 }
    produced[request] = .success(ends)
    return .success(ends)
  }

  /// Writes outside of any transaction, as no correct worker does.
  func writePlainly(_ body: PartitionLog.Body, _ place: Place) {
    let offset = append(body, place, of: nil)
    world.truth.committed([entry(place, offset)].compactMap(\.self), at: place)
    if place.topic == .requests { requestsMoved(place.partition) }
  }

  private func entry(_ place: Place, _ offset: Int64) -> PartitionLog.Entry? {
    switch place.topic {
    case .requests: requests[Int(place.partition)].entries.last
    case .state: state[Int(place.partition)].entries.last
    case .outcomes: outcomes.entries.last
    case .deadLetters: deadLetters.entries.last
    }
  }

  private func append(_ body: PartitionLog.Body, _ place: Place, of producer: Int?) -> Int64 {
    let now = world.agenda.now
    switch place.topic {
    case .requests: return requests[Int(place.partition)].append(body, of: producer, at: now)
    case .state: return state[Int(place.partition)].append(body, of: producer, at: now)
    case .outcomes: return outcomes.append(body, of: producer, at: now)
    case .deadLetters: return deadLetters.append(body, of: producer, at: now)
    }
  }

  /// What a producer's open transaction has in one partition.
  func open(_ place: Place, _ producer: Int) -> [PartitionLog.Entry] {
    switch place.topic {
    case .requests: requests[Int(place.partition)].open(producer)
    case .state: state[Int(place.partition)].open(producer)
    case .outcomes: outcomes.open(producer)
    case .deadLetters: deadLetters.open(producer)
    }
  }

  /// The end of a transaction reaches one partition.
  func mark(_ place: Place, _ producer: Int, committed: Bool) {
    switch place.topic {
    case .requests: requests[Int(place.partition)].mark(producer, committed: committed)
    case .state: state[Int(place.partition)].mark(producer, committed: committed)
    case .outcomes: outcomes.mark(producer, committed: committed)
    case .deadLetters: deadLetters.mark(producer, committed: committed)
    }
    if place.topic == .requests { requestsMoved(place.partition) }
  }

  private func requestsMoved(_ partition: Int32) {
    for process in world.processes where !process.isDead { process.consumer.logMoved(partition) }
  }

  // MARK: - Faults

  func compact() {
    for index in state.indices {
      state[index].compact(tombstonesBefore: world.agenda.now - world.plan.timing.tombstones)
    }
  }

  /// The requests topic is deleted, and with it the group's offsets; or everything is.
  func makeAnew(all: Bool) {
    topicLife += 1
    endAll()
    requests = requests.map { _ in PartitionLog() }
    group.forgetOffsets()
    guard all else { return }
    state = state.map { _ in PartitionLog() }
    outcomes = PartitionLog()
    deadLetters = PartitionLog()
  }

  /// No worker runs: what their transactions left open is ended, as it would be in time.
  private func endAll() {
    for (producer, transaction) in transactions {
      let isCommitted = transaction.phase == .ending(commit: true)
      for place in transaction.partitions where !open(place, producer).isEmpty {
        mark(place, producer, committed: isCommitted)
      }
      transactions[producer] = Transaction(
        epoch: transaction.epoch + 1, phase: .ended(commit: isCommitted), serial: transaction.serial + 1)
    }
  }

  /// Lets go of everything.
  func clear() {
    group.clear()
    transactions = [:]
  }
}
