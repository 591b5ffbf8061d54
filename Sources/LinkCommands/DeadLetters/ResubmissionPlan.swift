import LinkCore

/// What is to be done with the dead letters that were chosen. Pure; of each that is to be sent it keeps no more than its place.
struct ResubmissionPlan {
  /// Dead letters of one call at most: their places are in memory.
  static let limit = 1_000_000

  /// Those that are to be sent.
  private(set) var toSend: Set<AuditPlace> = []
  /// Those that Kafka has again already.
  private(set) var alreadySent: Set<AuditPlace> = []
  /// How many fit and are of another group or topic: they are none of this one's.
  private(set) var passedOverCount = 0
  /// How many there are of each reason, of those to be sent.
  private(set) var reasons: [Malformation.Reason: Int] = [:]
  /// When the first of them was put aside.
  private(set) var oldest: Timestamp?
  private var reasonOf: [AuditPlace: Malformation.Reason] = [:]
  private let limit: Int

  /// - Parameter limit: How many there may be.
  init(limit: Int = ResubmissionPlan.limit) { self.limit = limit }

  /// Whether it has more than one call may have.
  var isTooLarge: Bool { toSend.count > limit }

  /// Takes a dead letter that can be sent.
  mutating func take(_ record: SourceRecord, _ letter: DeadLetterRecord?) {
    let place = AuditPlace(partition: record.partition, offset: record.offset)
    toSend.insert(place)
    oldest = min(oldest ?? record.timestamp, record.timestamp)
    guard let reason = letter?.provenance.reason else { return }
    reasonOf[place] = reason
    reasons[reason, default: 0] += 1
  }

  /// Counts a dead letter of another group or topic.
  mutating func passOver() { passedOverCount += 1 }

  /// Takes a record of the requests topic: the dead letter that it repeats is not sent once more.
  mutating func take(request record: SourceRecord, deadLetterTopic: String) {
    guard let source = record.resubmittedFrom, source.topic == deadLetterTopic else { return }
    let place = AuditPlace(partition: source.partition, offset: source.offset)
    guard toSend.remove(place) != nil else { return }
    alreadySent.insert(place)
    if let reason = reasonOf[place] { reasons[reason, default: 1] -= 1 }
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
