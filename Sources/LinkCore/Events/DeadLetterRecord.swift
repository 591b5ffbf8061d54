/// A dead letter taken apart: the record as it was put aside, and what the worker says of it.
public struct DeadLetterRecord: Sendable {
  /// Where it lies itself.
  public var place: RecordPlace
  /// Which record it was, which group put it aside, and why.
  public var provenance: DeadLetterProvenance
  /// JSON pointer and sentence, never the value.
  public var message: String
  /// Which worker of the group did it.
  public var instanceID: String
  /// The stage of Kafka Connect at which a connector would have met the fault.
  public var stage: String
  /// The key as it was, unless it was cut.
  public var key: [UInt8]?
  /// The value as it was, unless it was cut.
  public var value: [UInt8]?
  /// The record's own headers, unless some were cut.
  public var headers: [Header]
  /// What would not fit into the dead-letter topic.
  public var cut: Cut

  /// What was cut, by how much there was of it before; nil where nothing was.
  public struct Cut: Equatable, Sendable {
    /// Bytes of the value.
    public var valueByteCount: Int?
    /// Headers.
    public var headerCount: Int?
    /// Bytes of the key.
    public var keyByteCount: Int?
  }

  /// Takes a record of the dead-letter topic apart; nil for one that no worker wrote.
  public init?(_ record: SourceRecord, topic: String) {
    // What the worker adds begins with this header and comes last, also where the record was a dead letter before.
    let first = Array("__connect.errors.topic".utf8)
    guard let provenance = record.deadLetterProvenance,
      let start = record.headers.lastIndex(where: { $0.name == first })
    else { return nil }
    let added = record.headers[start...]
    func text(_ name: String) -> String? {
      added.last { $0.name.elementsEqual(name.utf8) }?.value.map { String(decoding: $0, as: UTF8.self) }
    }
    place = RecordPlace(topic: topic, partition: record.partition, offset: record.offset)
    self.provenance = provenance
    message = text("__connect.errors.exception.message") ?? ""
    instanceID = text("__connect.errors.task.id") ?? ""
    stage = text("__connect.errors.stage") ?? ""
    (key, value, headers) = (record.key, record.value, Array(record.headers[..<start]))
    cut = Cut(
      valueByteCount: text("linkworker.cut-from").flatMap { Int($0) },
      headerCount: text("linkworker.cut-from.headers").flatMap { Int($0) },
      keyByteCount: text("linkworker.cut-from.key").flatMap { Int($0) })
  }

  /// The record as it was, at its place in the requests topic; its time is not known any more and is that of the dead letter.
  public func original(of record: SourceRecord) -> SourceRecord {
    SourceRecord(
      partition: provenance.place.partition, offset: provenance.place.offset, timestamp: record.timestamp, key: key,
      value: value, headers: headers)
  }

  /// The headers of the record that repeats it: its own, then from which dead letter and from which record before it comes.
  ///
  /// An older `linkworker.moved-from` goes: whoever sends it again decides anew where it lies.
  public var headersOfRepetition: [Header] {
    headers.filter { !$0.isMovedFrom } + [
      Header(Header.resubmittedFrom, place.written), Header(Header.deadLetteredFrom, provenance.place.written),
    ]
  }
}
