import LinkCore
import LinkTestSupport

/// The transaction coordinator, and what producers send.
extension RealCluster {
  func initialise(_ producer: Int) throws -> Answer {
    var begun = Producer(id: 0, epoch: 0)
    let answer = try retried {
      var answer = try connection.ask(.initProducerId) {
        $0.string(transactionalID(producer))
        $0.integer(Int32(settings.transactionsTimeOut ? 2000 : 600_000))
      }
      _ = try answer.take(4)
      let error = try answer.error()
      begun = Producer(id: try answer.integer(), epoch: try answer.integer())
      return error
    }
    guard answer == .done else { return answer }
    producers[Life(producer, 1 + producers.keys.count { $0.of == producer })] = begun
    return answer
  }

  func add(_ places: [Place], to life: Life) throws -> Answer {
    try retried {
      var answer = try ask(.addPartitionsToTxn, of: life) { request in
        request.list(Array(Set(places.map(\.topic)))) { request, role in
          request.string(topic(role))
          request.list(places.filter { $0.topic == role }) { $0.integer($1.partition) }
        }
      }
      // One error is enough to have all of it refused: the others are then told that nothing was tried.
      let errors = try answer.list { topic in
        _ = try topic.string()
        return try topic.list { partition in
          _ = try partition.integer(Int32.self)
          return try partition.error()
        }
      }
      return errors.joined().first { $0 != .none } ?? .none
    }
  }

  func produce(_ items: [Item], to place: Place, of life: Life, request: Int) throws -> Answer {
    let producer = try producer(life)
    let first = producer.sequences[place, default: 0]
    let repeated = producer.batches[request]
    let batch =
      repeated
      ?? RecordBatch.encode(
        items.map { $0.encoded(at: place) }, at: Self.now, of: (id: producer.id, epoch: producer.epoch, first: first))
    let answer = try retried { try produce(batch, to: place, transactionalID: transactionalID(life.of)) }
    if answer == .done, repeated == nil {
      producer.sequences[place] = first + Int32(items.count)
      producer.batches[request] = batch
    }
    return answer
  }

  func write(_ items: [Item], to place: Place, at timestamp: Int64 = now) throws -> Answer {
    let batch = RecordBatch.encode(items.map { $0.encoded(at: place) }, at: timestamp, of: nil)
    return try retried { try produce(batch, to: place, transactionalID: nil) }
  }

  private func produce(_ batch: [UInt8], to place: Place, transactionalID: String?) throws -> WireError {
    var answer = try connection.ask(.produce) { request in
      request.string(transactionalID)
      request.integer(Int16(-1))
      request.integer(Int32(20_000))
      request.list([place]) { request, place in
        request.string(topic(place.topic))
        request.list([place]) { request, place in
          request.integer(place.partition)
          request.data(batch)
        }
      }
    }
    let errors = try answer.list { topic in
      _ = try topic.string()
      return try topic.list { partition in
        _ = try partition.integer(Int32.self)
        let error = try partition.error()
        _ = try partition.take(24)
        return error
      }
    }
    return errors.joined().first ?? .none
  }

  func sendOffsets(_ offsets: [Int32: Int64], of life: Life, _ member: RealMember, age: Int) throws -> Answer {
    let added = try retried {
      var answer = try ask(.addOffsetsToTxn, of: life) { $0.string(group) }
      return try answer.error()
    }
    guard added == .done else { return added }
    let producer = try producer(life)
    guard !member.generations.isEmpty else { throw Missing("A generation of \(member.id)") }
    let generation = member.generations[max(0, member.generations.count - 1 - age)]
    return try retried {
      var answer = try connection.ask(.txnOffsetCommit) { request in
        request.string(transactionalID(life.of))
        request.string(group)
        request.integer(producer.id)
        request.integer(producer.epoch)
        request.integer(generation)
        request.string(member.id)
        request.string(member.instance)
        request.list([offsets]) { request, offsets in
          request.string(topic(.requests))
          request.list(offsets.sorted { $0.key < $1.key }) { request, offset in
            request.integer(offset.key)
            request.integer(offset.value)
            request.integer(Int32(-1))
            request.string(nil)
            request.tags()
          }
          request.tags()
        }
        request.tags()
      }
      _ = try answer.take(4)
      let errors = try answer.list { topic in
        _ = try topic.string()
        let errors = try topic.list { partition in
          _ = try partition.integer(Int32.self)
          let error = try partition.error()
          try partition.tags()
          return error
        }
        try topic.tags()
        return errors
      }
      return errors.joined().first ?? .none
    }
  }

  func end(_ life: Life, commit: Bool) throws -> Answer {
    try retried {
      var answer = try ask(.endTxn, of: life) { $0.boolean(commit) }
      return try answer.error()
    }
  }

  /// A transaction as its coordinator describes it.
  struct Description {
    var state: String
    var hasOffsets: Bool
    var isEnding: Bool { state.hasPrefix("Prepare") }
    var isOpen: Bool { state == "Ongoing" }
  }

  func describeTransactions(_ ids: [String]) throws -> [Description] {
    guard !ids.isEmpty else { return [] }
    var answer = try connection.ask(.describeTransactions) { request in
      request.list(ids) { $0.string($1) }
      request.tags()
    }
    _ = try answer.take(4)
    return try answer.list { state in
      let error = try state.error()
      guard error == .none else { throw Missing("A transaction's description, not \(error)") }
      _ = try state.string()
      let name = try state.string() ?? ""
      _ = try state.take(4 + 8 + 8 + 2)
      let topics = try state.list { topic in
        let name = try topic.string()
        _ = try topic.list { try $0.integer(Int32.self) }
        try topic.tags()
        return name
      }
      try state.tags()
      return Description(state: name, hasOffsets: name == "Ongoing" && topics.contains("__consumer_offsets"))
    }
  }

  func awaitTimeOut() throws -> Answer {
    let ids = Set(producers.keys.map(\.of)).map(transactionalID)
    try awaiting("The time-out of transactions", within: Self.patience) {
      try describeTransactions(ids).allSatisfy { !$0.isOpen }
    }
    return .done
  }

  func producer(_ life: Life) throws -> Producer {
    guard let producer = producers[life] else { throw Missing("Producer \(life)") }
    return producer
  }

  /// A request of a producer, whose answer begins with a time that nobody needs.
  private func ask(_ api: KafkaAPI, of life: Life, _ rest: (inout WireWriter) -> Void) throws -> WireReader {
    let producer = try producer(life)
    var answer = try connection.ask(api) { request in
      request.string(transactionalID(life.of))
      request.integer(producer.id)
      request.integer(producer.epoch)
      rest(&request)
    }
    _ = try answer.take(4)
    return answer
  }

  /// Asks until the answer is not one after which clients ask again.
  func retried(_ ask: () throws -> WireError) throws -> Answer {
    var error = WireError.none
    try awaiting("An answer that stands", within: Self.patience, state: { "\(error)" }) {
      error = try ask()
      return !error.isRetried
    }
    return Answer(error)
  }
}

extension Answer {
  init(_ error: WireError) {
    switch error {
    case .none: self = .done
    case .invalidProducerEpoch, .producerFenced: self = .fenced
    case .invalidTransactionState: self = .invalidState
    case .illegalGeneration: self = .generation
    case .unknownMember: self = .member
    case .fencedInstance: self = .instance
    case .rebalanceInProgress: self = .rebalance
    case .offsetOutOfRange: self = .offsetOutOfRange
    default: self = .other(error.code)
    }
  }
}
