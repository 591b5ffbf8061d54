/// A Kafka record header, as bytes: a foreign client's header need not be text.
public struct Header: Hashable, Sendable {
  /// The header's name.
  public var name: [UInt8]
  /// Its value; nil where the record has a header without one.
  public var value: [UInt8]?

  /// A header as it was read.
  public init(name: [UInt8], value: [UInt8]?) {
    self.name = name
    self.value = value
  }

  /// A header of text.
  public init(_ name: String, _ value: String) {
    self.init(name: Array(name.utf8), value: Array(value.utf8))
  }
}

/// One record of the requests topic, as Kafka gave it.
public struct SourceRecord: Sendable {
  /// The partition of the requests topic.
  public var partition: Int32
  /// Its offset there.
  public var offset: Int64
  /// Kafka's timestamp of the record.
  public var timestamp: Timestamp
  /// The key, or nil.
  public var key: [UInt8]?
  /// The value, or nil for a tombstone.
  public var value: [UInt8]?
  /// The headers in their order.
  public var headers: [Header]

  /// A record.
  public init(
    partition: Int32, offset: Int64, timestamp: Timestamp, key: [UInt8]?, value: [UInt8]?, headers: [Header] = []
  ) {
    self.partition = partition
    self.offset = offset
    self.timestamp = timestamp
    self.key = key
    self.value = value
    self.headers = headers
  }

  /// Bytes of key, value and headers together.
  public var size: Int {
    (key?.count ?? 0) + (value?.count ?? 0) + headers.reduce(0) { $0 + $1.name.count + ($1.value?.count ?? 0) }
  }
}

/// The four topics by their part in the protocol; their names are settings.
public enum TopicRole: String, Sendable, CaseIterable {
  /// Link requests and replay requests come in here.
  case requests
  /// token-ready, failed and refused go out here.
  case outcomes
  /// The compacted changelog of every link.
  case state
  /// What could not be read, with its provenance.
  case deadLetters = "dead-letters"
}

/// One record that a transaction produces.
public struct OutgoingRecord: Equatable, Sendable {
  /// The topic it goes to.
  public var topic: TopicRole
  /// The partition, or nil to let the producer's partitioner (murmur2, as in Java) choose by key.
  public var partition: Int32?
  /// The key, or nil.
  public var key: [UInt8]?
  /// The value, or nil for a tombstone.
  public var value: [UInt8]?
  /// The headers in their order.
  public var headers: [Header]
  /// The record's timestamp, or nil for the time of production.
  public var timestamp: Timestamp?

  /// A record to produce.
  public init(
    topic: TopicRole, partition: Int32? = nil, key: [UInt8]?, value: [UInt8]?, headers: [Header] = [],
    timestamp: Timestamp? = nil
  ) {
    self.topic = topic
    self.partition = partition
    self.key = key
    self.value = value
    self.headers = headers
    self.timestamp = timestamp
  }
}
