import LinkCore

/// What an audit judges by: the settings of the workers, and the moment.
struct AuditRules {
  /// The consumer group of the workers.
  var groupID: String
  /// The name of the requests topic.
  var requestsTopic: String
  /// Of the requests topic.
  var partitionCount: Int32
  /// `event.max.bytes`.
  var eventByteLimit = 65_536
  /// `requests.unknown.type`.
  var unknownType = EngineSettings.UnknownTypePolicy.deadLetter
  /// `state.retention.ms`.
  var stateRetention: Milliseconds = 45 * 86_400_000
  /// Whether somebody has set the group's offsets back: then what is refused, dead-lettered or moved again is no finding.
  var isAfterReset = false
  /// When the audit began.
  var now: Timestamp
  /// OpenSSL's.
  var sha256: SHA256Function

  /// Milliseconds by which two clocks may differ.
  private static let slack: Milliseconds = 60_000

  /// Whether what happened at a moment may have been forgotten by now.
  func isForgettable(_ moment: Timestamp) -> Bool { moment + stateRetention < now + Self.slack }

  /// Whether a link that ended at a moment may have been made anew at another.
  func isRenewable(endedAt moment: Timestamp, by other: Timestamp) -> Bool {
    moment + stateRetention < other + Self.slack
  }
}

/// Up to where each topic was read, and from where on it still has its records.
struct AuditBounds {
  /// The group's committed offset of each partition; none where it has none.
  var committed: [Int32: Int64] = [:]
  /// The requests' low watermarks before the committed offsets were asked for.
  var lowsBefore: [Int32: Int64] = [:]
  /// The requests' low watermarks after all was read: what lay below is beyond retention.
  var lows: [Int32: Int64] = [:]
  /// The ends up to which the requests were read.
  var ends: [Int32: Int64] = [:]
  /// By partition of the outcomes topic: below it everything was decided before the state was read.
  var stableOutcomes: [Int32: Int64] = [:]
  /// Since when the outcomes topic has all that was written to it; nil where nothing was deleted.
  var outcomesSince: Timestamp?
  /// The same of the dead letters.
  var deadLettersSince: Timestamp?

  /// Since when a topic has all that was written to it: the latest of the first records of those partitions of which something was deleted; nil
  /// where there are none.
  static func since(lows: [Int32: Int64], firsts: [Int32: Timestamp]) -> Timestamp? {
    lows.filter { $0.value > 0 }.map { firsts[$0.key] ?? Timestamp(milliseconds: .max) }.max()
  }

  /// Whether a request at this place can have been deleted.
  func isBeyond(_ place: AuditPlace) -> Bool { place.offset < lows[place.partition] ?? 0 }

  /// Whether some requests of a partition are gone.
  func isCut(_ partition: Int32) -> Bool { lows[partition] ?? 0 > 0 }

  /// Whether some requests of any partition are gone.
  var isCut: Bool { lows.values.contains { $0 > 0 } }
}
