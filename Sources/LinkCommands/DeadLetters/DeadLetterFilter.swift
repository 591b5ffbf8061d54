import LinkCore

/// Which dead letters a command is about: those that fit every kind of option that was given, and of each kind one of its values. Pure.
struct DeadLetterFilter: Equatable {
  /// Where a record lay in the requests topic; what is nil may be any.
  struct Source: Hashable {
    var topic: String?
    var partition: Int32
    var offset: Int64?
  }

  /// Reasons; empty: any.
  var reasons: Set<Malformation.Reason> = []
  /// Places in the requests topic; empty: any.
  var sources: [Source] = []
  /// The first moment of being put aside that fits.
  var since: Timestamp?
  /// The first moment that does not fit any more.
  var until: Timestamp?

  /// The options of every command with this filter.
  static let options: [OptionDefinition] = [
    .value(
      "--reason", "REASON", repeatable: true,
      "Dead letters with this reason: \(Malformation.Reason.allCases.map(\.rawValue).joined(separator: ", "))."),
    .value(
      "--request", "PLACE", repeatable: true,
      "Dead letters of the record that lay there in the requests topic: PARTITION, PARTITION/OFFSET or TOPIC/PARTITION/OFFSET."
    ),
    .value(
      "--since", "WHEN",
      "Dead letters that were put aside at this moment or later: as RFC 3339 has it, or so long ago (90s, 2h, 7d)."),
    .value("--until", "WHEN", "Dead letters that were put aside before this moment, given in the same way."),
  ]

  /// Every dead letter fits.
  init() {}

  /// What the options of a command say.
  init(_ invocation: Invocation, now wall: Timestamp) throws(CommandFailure) {
    reasons = Set(try invocation.words("--reason", of: Malformation.Reason.self))
    for text in invocation.all("--request") { sources.append(try Self.source(text)) }
    (since, until) = try invocation.span(now: wall)
  }

  /// Whether a record of the dead-letter topic fits; `letter` is what could be read of it.
  func fits(_ record: SourceRecord, _ letter: DeadLetterRecord?) -> Bool {
    guard since.map({ record.timestamp >= $0 }) ?? true, until.map({ record.timestamp < $0 }) ?? true else {
      return false
    }
    guard !reasons.isEmpty || !sources.isEmpty else { return true }
    guard let provenance = letter?.provenance, reasons.isEmpty || reasons.contains(provenance.reason) else {
      return false
    }
    let place = provenance.place
    return sources.isEmpty
      || sources.contains { source in
        source.partition == place.partition && source.offset ?? place.offset == place.offset
          && source.topic ?? place.topic == place.topic
      }
  }

  private static func source(_ text: String) throws(CommandFailure) -> Source {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    let numbers = parts.suffix(2).map { DeadLetterPlace.number($0) }
    guard 1...3 ~= parts.count, !numbers.contains(nil), let first = numbers.first.flatMap({ $0 }),
      let partition = Int32(exactly: first), parts.count < 3 || !parts[0].isEmpty
    else {
      throw .usage(
        "--request", "\(quoted(text)) is no place in the requests topic", hint: "--request 3, or --request 3/128")
    }
    return Source(
      topic: parts.count == 3 ? String(parts[0]) : nil, partition: partition,
      offset: parts.count > 1 ? numbers[1] : nil)
  }
}
