/// A record's place, as another record's headers tell it.
public struct RecordPlace: Hashable, Sendable {
  /// The topic.
  public var topic: String
  /// The partition.
  public var partition: Int32
  /// The offset, 0 or more.
  public var offset: Int64

  /// A place.
  public init(topic: String, partition: Int32, offset: Int64) {
    self.topic = topic
    self.partition = partition
    self.offset = offset
  }

  /// The place that `topic/partition/offset` writes, as the worker's own headers have it.
  init?(written bytes: [UInt8]) {
    guard let text = Text(utf8: bytes)?.string else { return nil }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 3, let partition = Int32(parts[1]), let offset = Int64(parts[2]), partition >= 0, offset >= 0
    else { return nil }
    self.init(topic: String(parts[0]), partition: partition, offset: offset)
  }

  /// `topic/partition/offset`.
  var written: String { "\(topic)/\(partition)/\(offset)" }
}

extension Header {
  /// Of which dead letter a record is the repetition.
  static let resubmittedFrom = "linkworker.resubmitted-from"
  /// Where the record lay that became that dead letter.
  static let deadLetteredFrom = "linkworker.dead-lettered-from"
}

extension SourceRecord {
  /// From where a moved request was moved, by `linkworker.moved-from`; nil for one that was not, or whose header is none that a worker writes.
  public var movedFrom: RecordPlace? {
    headers.last(where: \.isMovedFrom)?.value.flatMap { RecordPlace(written: $0) }
  }

  /// Which dead letter this record repeats, by `linkworker.resubmitted-from`; nil for one that repeats none. Of several headers the last counts.
  public var resubmittedFrom: RecordPlace? {
    headers.last { $0.name.elementsEqual(Header.resubmittedFrom.utf8) }?.value.flatMap { RecordPlace(written: $0) }
  }

  /// Of which record this is the dead letter, which group put it aside, and why; nil for what no worker wrote.
  public var deadLetterProvenance: DeadLetterProvenance? {
    // A record that is itself a dead letter of somebody's has such headers too: the worker's own come last.
    let text = { (name: String) -> String? in
      headers.last { $0.name.elementsEqual(name.utf8) }?.value.flatMap { Text(utf8: $0)?.string }
    }
    guard let topic = text("__connect.errors.topic"), let groupID = text("__connect.errors.connector.name"),
      let partition = text("__connect.errors.partition").flatMap({ Int32($0) }), partition >= 0,
      let offset = text("__connect.errors.offset").flatMap({ Int64($0) }), offset >= 0,
      let reason = text("__connect.errors.exception.class.name").flatMap({ Malformation.Reason(rawValue: $0) })
    else { return nil }
    return DeadLetterProvenance(
      place: RecordPlace(topic: topic, partition: partition, offset: offset), groupID: groupID, reason: reason)
  }
}

/// What a dead letter's headers say of it.
public struct DeadLetterProvenance: Hashable, Sendable {
  /// The record that was put aside.
  public var place: RecordPlace
  /// The consumer group whose worker did it.
  public var groupID: String
  /// Why.
  public var reason: Malformation.Reason
}
