extension EventWriter {
  /// The dead letter of a record: key, value and headers as they were, then the headers that Kafka Connect's dead letter queue writes
  /// (`DeadLetterQueueReporter`). It is cut to the topic's limit, the value first; `linkworker.cut-from` then has the value's length.
  ///
  /// Where key and headers alone are too large, the largest headers go and the key is cut; `linkworker.cut-from.headers` then has the number
  /// of headers that there were and `linkworker.cut-from.key` the key's length.
  public func deadLetter(record: SourceRecord, fault: Malformation) -> OutgoingRecord {
    var letter = DeadLetter(record, provenance: provenance(of: record, fault))
    letter.cut(to: deadLetterMaxBytes)
    return OutgoingRecord(
      topic: .deadLetters, key: letter.key, value: letter.value, headers: letter.headers + letter.provenance)
  }

  /// A request on its way to its home partition: key the decimal `userId`, value, headers and timestamp as they were, and the place
  /// where it was found, which replaces an older one.
  public func moved(record: SourceRecord, userId: Int64, home: Int32) -> OutgoingRecord {
    let origin = Header(Header.movedFrom, "\(requestsTopic)/\(record.partition)/\(record.offset)")
    return OutgoingRecord(
      topic: .requests, partition: home, key: Array(decimal: userId), value: record.value,
      headers: record.headers.filter { !$0.isMovedFrom } + [origin], timestamp: record.timestamp)
  }

  private func provenance(of record: SourceRecord, _ fault: Malformation) -> [Header] {
    [
      Header("__connect.errors.topic", requestsTopic),
      Header("__connect.errors.partition", String(record.partition)),
      Header("__connect.errors.offset", String(record.offset)),
      Header("__connect.errors.connector.name", groupID),
      Header("__connect.errors.task.id", instanceID),
      Header("__connect.errors.stage", fault.reason.connectStage),
      Header("__connect.errors.exception.class.name", fault.reason.rawValue),
      Header("__connect.errors.exception.message", fault.description),
    ]
  }
}

extension Malformation.Reason {
  /// The stage of Kafka Connect (`org.apache.kafka.connect.runtime.errors.Stage`) at which a connector would have met the fault.
  fileprivate var connectStage: String {
    switch self {
    case .tooLarge: "KAFKA_CONSUME"
    case .notUTF8, .notJSON, .tooDeep, .duplicateName, .notCloudEvent: "VALUE_CONVERTER"
    case .unknownType, .invalidData: "TRANSFORMATION"
    case .expired: "TASK_PUT"
    }
  }
}

/// A dead letter that may have to be cut.
private struct DeadLetter {
  private(set) var key: [UInt8]?
  private(set) var value: [UInt8]?
  /// The record's own headers.
  private(set) var headers: [Header]
  /// The worker's, which are never cut.
  private(set) var provenance: [Header]

  init(_ record: SourceRecord, provenance: [Header]) {
    key = record.key
    value = record.value
    headers = record.headers
    self.provenance = provenance
  }

  mutating func cut(to limit: Int) {
    guard size > limit else { return }
    if let whole = value, !whole.isEmpty {
      provenance.append(Header("linkworker.cut-from", String(whole.count)))
      value = Array(whole.prefix(max(0, whole.count - (size - limit))))
    }
    guard size > limit else { return }
    if !headers.isEmpty {
      provenance.append(Header("linkworker.cut-from.headers", String(headers.count)))
      dropLargestHeaders(excess: size - limit)
    }
    guard size > limit, let whole = key, !whole.isEmpty else { return }
    provenance.append(Header("linkworker.cut-from.key", String(whole.count)))
    key = Array(whole.prefix(max(0, whole.count - (size - limit))))
  }

  /// The largest first: the fewest are lost, and small ones tell where the record came from.
  private mutating func dropLargestHeaders(excess: Int) {
    var excess = excess
    var dropped: Set<Int> = []
    for (index, header) in headers.enumerated().sorted(by: {
      ($1.element.size, $1.offset) < ($0.element.size, $0.offset)
    }) {
      guard excess > 0 else { break }
      dropped.insert(index)
      excess -= header.size
    }
    headers = headers.enumerated().filter { !dropped.contains($0.offset) }.map(\.element)
  }

  /// What the record takes in a batch of its own at most (Kafka's message format v2): the batch's header has 61 bytes; length,
  /// attributes, timestamp and offset deltas, and the lengths of key, value and headers up to 36.
  private var size: Int {
    97 + (key?.count ?? 0) + (value?.count ?? 0) + (headers + provenance).reduce(0) { $0 + $1.size }
  }
}

extension Header {
  /// Name and value with their lengths as variable-length integers of at most five bytes.
  fileprivate var size: Int { name.count + (value?.count ?? 0) + 10 }
}
