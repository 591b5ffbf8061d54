/// Partition and offset of a record of the requests topic in eight bytes: there may be millions of them.
struct AuditPlace: Hashable, Comparable {
  private let bits: UInt64

  /// Partitions up to a million, offsets up to 17 * 10^12: beyond what a topic has.
  private static let offsetBits: UInt64 = 44

  init(partition: Int32, offset: Int64) {
    bits = UInt64(UInt32(bitPattern: partition)) << Self.offsetBits | UInt64(bitPattern: offset) & Self.offsetMask
  }

  private static var offsetMask: UInt64 { 1 << offsetBits - 1 }

  /// The partition.
  var partition: Int32 { Int32(truncatingIfNeeded: bits >> Self.offsetBits) }

  /// The offset.
  var offset: Int64 { Int64(bits & Self.offsetMask) }

  static func < (left: AuditPlace, right: AuditPlace) -> Bool { left.bits < right.bits }
}
