import LinkCore

/// The dead letters that a command is to send again: those that are named, or those that fit. Pure.
struct DeadLetterSelection {
  /// Those that are named; empty: those that fit.
  let places: Set<AuditPlace>
  private let filter: DeadLetterFilter

  /// What operands and options of a command say.
  init(_ invocation: Invocation, now wall: Timestamp) throws(CommandFailure) {
    filter = try DeadLetterFilter(invocation, now: wall)
    var places: Set<AuditPlace> = []
    for text in invocation.operands { places.insert(try DeadLetterPlace.parse(text)) }
    guard places.isEmpty || filter == DeadLetterFilter() else {
      throw .usage(
        "PARTITION/OFFSET", "names dead letters, and the options choose others",
        hint: "the places alone, or the options")
    }
    self.places = places
  }

  /// Whether a record of the dead-letter topic is meant.
  func contains(_ record: SourceRecord, _ letter: DeadLetterRecord?) -> Bool {
    guard places.isEmpty else {
      return places.contains(AuditPlace(partition: record.partition, offset: record.offset))
    }
    return filter.fits(record, letter)
  }

  /// What of the dead-letter topic has to be read, of all that there is.
  func part(of ranges: [Int32: Range<Int64>]) -> [Int32: Range<Int64>] {
    guard !places.isEmpty else { return ranges }
    var parts: [Int32: Range<Int64>] = [:]
    for place in places {
      guard let range = ranges[place.partition], range.contains(place.offset) else { continue }
      let own = place.offset..<place.offset + 1
      let part = parts[place.partition] ?? own
      parts[place.partition] = min(part.lowerBound, own.lowerBound)..<max(part.upperBound, own.upperBound)
    }
    return parts
  }
}
