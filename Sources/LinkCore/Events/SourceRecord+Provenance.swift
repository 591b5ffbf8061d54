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
}

extension SourceRecord {
  /// From where a moved request was moved, by `linkworker.moved-from`; nil for one that was not, or whose header is none that a worker writes.
  public var movedFrom: RecordPlace? {
    guard let value = headers.last(where: \.isMovedFrom)?.value, let text = Text(utf8: value)?.string else {
      return nil
    }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 3, let partition = Int32(parts[1]), let offset = Int64(parts[2]), partition >= 0, offset >= 0
    else { return nil }
    return RecordPlace(topic: String(parts[0]), partition: partition, offset: offset)
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
