import LinkCore

/// What is to be done with the dead letters that were chosen. Pure; of each that is to be sent it keeps no more than its place.
struct ResubmissionPlan {
  /// Those that are to be sent.
  private(set) var toSend: Set<AuditPlace> = []
  /// Those that Kafka has again already.
  private(set) var alreadySent: Set<AuditPlace> = []
  /// Those that are not sent, in the order in which they were read, and why.
  private(set) var refused: [(place: AuditPlace, why: String)] = []
  /// How many there are of each reason, of those to be sent.
  private(set) var reasons: [Malformation.Reason: Int] = [:]
  /// The partitions of the requests topic to which they belong.
  private(set) var partitions: Set<Int32> = []
  /// When the first of them was put aside.
  private(set) var oldest: Timestamp?
  private var reasonOf: [AuditPlace: Malformation.Reason] = [:]

  /// Takes a dead letter and what was judged of it.
  mutating func take(_ record: SourceRecord, _ letter: DeadLetterRecord?, _ verdict: RepetitionCheck.Verdict) {
    let place = AuditPlace(partition: record.partition, offset: record.offset)
    switch verdict {
    case .refused(let why): refused.append((place, why))
    case .send(let outgoing):
      toSend.insert(place)
      if let partition = outgoing.partition { partitions.insert(partition) }
      oldest = min(oldest ?? record.timestamp, record.timestamp)
      guard let reason = letter?.provenance.reason else { return }
      reasonOf[place] = reason
      reasons[reason, default: 0] += 1
    }
  }

  /// Takes a record of the requests topic: the dead letter that it repeats is not sent once more.
  mutating func take(request record: SourceRecord, deadLetterTopic: String) {
    guard let source = record.resubmittedFrom, source.topic == deadLetterTopic else { return }
    let place = AuditPlace(partition: source.partition, offset: source.offset)
    guard toSend.remove(place) != nil else { return }
    alreadySent.insert(place)
    if let reason = reasonOf[place] { reasons[reason, default: 1] -= 1 }
  }

  /// Those that were named and are not there.
  mutating func takeMissing(of places: Set<AuditPlace>) {
    let known = toSend.union(alreadySent).union(refused.map(\.place))
    for place in places.subtracting(known).sorted() { refused.append((place, "there is no such dead letter")) }
  }

  /// `3 dead letters (2 invalid_data, 1 not_json)`
  var phrase: String {
    let parts = Malformation.Reason.allCases.compactMap { reason in
      reasons[reason].flatMap { $0 > 0 ? "\($0) \(reason.rawValue)" : nil }
    }
    return "\(toSend.count) dead \(toSend.count == 1 ? "letter" : "letters")"
      + (parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))")
  }
}
