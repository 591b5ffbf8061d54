public import LinkCore

/// What the group has committed of one partition.
public struct CommittedOffset: Hashable, Sendable {
  /// The next offset to consume, 0 or more.
  public var offset: Int64
  /// The identity of the partition's state when a worker committed this offset; nil where no worker did, but a person's tool. It travels as
  /// the offset's metadata, which such tools leave empty.
  public var identity: Identity?

  /// An offset, and under which identity it was committed.
  public init(_ offset: Int64, under identity: Identity? = nil) {
    self.offset = offset
    self.identity = identity
  }

  /// The metadata of an offset under an identity: a name, and 32 hexadecimal digits.
  static func metadata(of identity: Identity) -> String {
    prefix
      + [identity.high, identity.low].map { half in
        let digits = String(half, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
      }.joined()
  }

  /// The identity that an offset's metadata names; nil for what no worker writes.
  static func identity(in metadata: String) -> Identity? {
    let digits = metadata.dropFirst(prefix.count)
    guard metadata.hasPrefix(prefix), digits.utf8.count == 32, let high = UInt64(digits.prefix(16), radix: 16),
      let low = UInt64(digits.dropFirst(16), radix: 16)
    else { return nil }
    return Identity(high: high, low: low)
  }

  private static let prefix = "linkworker/1 "
}
