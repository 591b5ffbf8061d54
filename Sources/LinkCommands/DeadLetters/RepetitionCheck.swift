import LinkCore

/// Judges whether a dead letter can be sent once more, as the worker will judge it. Pure.
struct RepetitionCheck {
  /// `event.max.bytes`.
  var eventByteLimit: Int
  /// The requests topic and its partitions: there it is sent.
  var requestsTopic: String
  var partitionCount: Int32
  /// The consumer group of the workers.
  var groupID: String
  /// A value that takes the place of the dead letter's.
  var value: [UInt8]?
  /// Whether what would be put aside again is sent all the same.
  var isForced = false

  /// What is to be done with a dead letter.
  enum Verdict: Equatable {
    case send(OutgoingRecord)
    /// It is of another group or topic: which.
    case foreign(String)
    /// Why it is not sent.
    case refused(String)
  }

  /// Judges one; nil is a record that no worker wrote.
  func judge(_ letter: DeadLetterRecord?) -> Verdict {
    guard let letter else { return .refused("no worker has written this record") }
    let (provenance, cut) = (letter.provenance, letter.cut)
    guard provenance.place.topic == requestsTopic, provenance.groupID == groupID else {
      return .foreign("it is of group \(quoted(provenance.groupID)) and topic \(quoted(provenance.place.topic))")
    }
    // What is missing of them, nobody can guess.
    if cut.headerCount != nil || cut.keyByteCount != nil {
      return .refused("its key or its headers were cut: make the request anew with linkworker submit")
    }
    if let count = cut.valueByteCount, value == nil {
      return .refused("its value was cut from \(count) bytes: give it whole with --value-file")
    }
    if provenance.reason == .expired, !isForced {
      return .refused(
        "it is older than state.retention.ms, and its link may be forgotten by now: --force asks for it anew")
    }
    return judge(letter.key, value ?? letter.value, letter)
  }

  private func judge(_ key: [UInt8]?, _ value: [UInt8]?, _ letter: DeadLetterRecord) -> Verdict {
    let headers = letter.headersOfRepetition
    let record = SourceRecord(
      partition: 0, offset: 0, timestamp: Timestamp(milliseconds: 0), key: key, value: value, headers: headers)
    var partition = min(letter.provenance.place.partition, partitionCount - 1)
    switch RequestReader(eventMaxBytes: eventByteLimit).read(record) {
    case .link(let link): partition = HomePartition.of(userId: link.userId, partitionCount: partitionCount)
    case .replay(let replay):
      partition = HomePartition.of(userId: replay.key.userId, partitionCount: partitionCount)
    case .malformed(let fault, _), .unknownType(let fault):
      guard isForced else { return .refused("it would be put aside again: \(fault.reason.rawValue): \(fault)") }
    case .empty: return .refused("it has no value, and the worker would pass over it")
    }
    return .send(OutgoingRecord(topic: .requests, partition: partition, key: key, value: value, headers: headers))
  }
}
