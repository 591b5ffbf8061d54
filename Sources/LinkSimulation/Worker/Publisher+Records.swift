import LinkCore

extension Publisher {
  /// A record on its way, and whose decision it is of.
  struct Outgoing {
    var decision: UInt64
    var place: Broker.Place
    var body: PartitionLog.Body
  }

  /// The records of a batch, in the order in which they are produced.
  static func records(of batch: Batch) -> [Outgoing] {
    var records: [Outgoing] = []
    for decision in batch.decisions {
      for record in decision.records {
        records.append(Outgoing(decision: decision.id, place: place(of: record), body: body(of: record)))
      }
    }
    for decision in batch.decisions {
      for record in decision.state {
        records.append(
          Outgoing(
            decision: decision.id, place: .init(topic: .state, partition: decision.partition), body: .state(record)))
      }
    }
    return records
  }

  static func place(of record: OutgoingRecord) -> Broker.Place {
    .init(topic: record.topic, partition: record.partition ?? 0)
  }

  static func body(of record: OutgoingRecord) -> PartitionLog.Body {
    guard record.topic == .requests else { return .published(record) }
    return .request(
      SourceRecord(
        partition: record.partition ?? 0, offset: 0, timestamp: record.timestamp ?? Timestamp(milliseconds: 0),
        key: record.key, value: record.value, headers: record.headers))
  }
}
