/// One record of the state topic.
public enum StateRecord: Equatable, Sendable {
  /// All that is known of a link.
  case link(Link)
  /// A record that was refused or dead-lettered, so that a redelivery of the same bytes is known.
  case mark(Mark)
  /// By which a store knows whose view it holds: random, one for each partition, never tombstoned.
  case identity(partition: Int32, Identity)
  /// The end of what had this key.
  case tombstone(StateKey)

  /// What it is keyed by.
  public var key: StateKey {
    switch self {
    case .link(let link): .link(link.key)
    case .mark(let mark): .mark(partition: mark.partition, offset: mark.offset)
    case .identity(let partition, _): .identity(partition: partition)
    case .tombstone(let key): key
    }
  }
}

/// The key of a state record.
public enum StateKey: Hashable, Sendable {
  /// A link's.
  case link(LinkKey)
  /// A mark's: partition and offset of the requests topic.
  case mark(partition: Int32, offset: Int64)
  /// A partition's identity.
  case identity(partition: Int32)
}

/// A settled record that has no link of its own.
public struct Mark: Hashable, Sendable {
  /// Partition of the requests topic.
  public var partition: Int32
  /// Offset there.
  public var offset: Int64
  /// SHA-256 of the whole record (key, value and headers, `linkworker.moved-from` aside): a mark matches only the same bytes.
  public var digest: Digest

  /// A mark.
  public init(partition: Int32, offset: Int64, digest: Digest) {
    self.partition = partition
    self.offset = offset
    self.digest = digest
  }
}

/// A partition's identity: 16 random bytes.
public struct Identity: Hashable, Sendable {
  /// The high and the low half.
  public var high: UInt64, low: UInt64

  /// An identity of these halves.
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }
}
