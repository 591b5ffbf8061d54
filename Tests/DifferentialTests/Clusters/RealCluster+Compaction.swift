import LinkCore
import LinkSandbox
import LinkTestSupport

/// The log cleaner, which works when it thinks fit, and never on the segment that is written to.
extension RealCluster {
  /// How far a segment's records may lie apart in time, in milliseconds: no scenario takes as long.
  private static let segmentLength: Int64 = 600_000

  /// The settings of a topic that `compact` works on.
  var compaction: [String: String] {
    [
      "cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0", "segment.ms": "\(Self.segmentLength)",
      "delete.retention.ms": settings.tombstonesGo ? "0" : "3600000",
    ]
  }

  /// A record from the future begins a segment in each partition of the state topic; what lies before is cleaned.
  func compact(_ filler: Item) throws -> Answer {
    compactions += 1
    for partition in Place.partitions(of: .state) {
      let place = Place(topic: .state, partition: partition)
      let answer = try write([filler], to: place, at: Self.now + compactions * Self.segmentLength * 7 / 6)
      guard answer == .done else { return answer }
      segments[place, default: [0]].append((try listOffsets(-1, isCommitted: false)[place] ?? 0) - 1)
    }
    let stable = try listOffsets(-1, isCommitted: true)
    for (place, begins) in segments {
      // What lies at or behind the first open transaction is not cleaned, nor is the rest of its segment.
      let end = begins.last { $0 <= stable[place] ?? 0 } ?? 0
      try awaiting("The cleaning of \(place) up to \(end)", within: Self.patience) { cleanedEnd(of: place) >= end }
    }
    return .done
  }

  /// Up to where the cleaner says that it has cleaned a partition.
  private func cleanedEnd(of place: Place) -> Int64 {
    let text = String(decoding: Scratch.bytes(of: kafka.directory + "/data/cleaner-offset-checkpoint"), as: UTF8.self)
    let prefix = "\(topic(place.topic)) \(place.partition) "
    let line = text.split(separator: "\n").first { $0.hasPrefix(prefix) }
    return line.flatMap { Int64($0.dropFirst(prefix.count)) } ?? 0
  }
}
