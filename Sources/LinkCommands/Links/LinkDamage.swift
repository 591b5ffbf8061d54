import LinkCore

/// Records of the state topic that cannot be read, each the last one of its key. What has become of their links, nobody can say: they are left out. Pure.
struct LinkDamage: Equatable {
  /// How many there are.
  private(set) var count = 0
  /// Where the first of them is, and what is wrong with it.
  private(set) var first: First?

  /// A record that cannot be read.
  struct First: Equatable {
    var partition: Int32
    var offset: Int64
    var fault: StateRecordFault

    /// Where it lies, and what is wrong with it.
    init(partition: Int32, offset: Int64, fault: StateRecordFault) {
      (self.partition, self.offset, self.fault) = (partition, offset, fault)
    }

    /// A record and what is wrong with it.
    init(_ record: SourceRecord, _ fault: StateRecordFault) {
      self.init(partition: record.partition, offset: record.offset, fault: fault)
    }
  }

  /// Counts a record.
  mutating func note(_ record: First) {
    count += 1
    first = first ?? record
  }

  /// Counts those of another partition as well.
  mutating func add(_ other: LinkDamage) {
    count += other.count
    first = first ?? other.first
  }

  /// What to say of them, once what could be read is told; nil where there are none.
  func failure(topic: String) -> CommandFailure? {
    guard let first else { return nil }
    let place = "partition \(first.partition), offset \(first.offset)"
    let what =
      count == 1 ? "a record (\(place)) cannot be read" : "\(count) records cannot be read, the first at \(place)"
    // What is wrong with it and what to try stand in one text.
    let text = first.fault.description
    let parts =
      text.firstRange(of: ". Try: ").map { (text[..<$0.lowerBound], text[$0.upperBound...]) } ?? (text[...], "")
    return CommandFailure(
      .found,
      .init(
        "read", "topic \(topic)", "\(what), and what they were about is left out: \(parts.0)", hint: String(parts.1)))
  }
}
