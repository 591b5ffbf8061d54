/// Where a request belongs: the partition that Java's default partitioner gives its key, the decimal `userId`.
public enum HomePartition {
  /// The home of a user's requests: (murmur2 of the decimal `userId`, sign bit cleared) mod `partitionCount`, which must be positive.
  public static func of(userId: Int64, partitionCount: Int32) -> Int32 {
    precondition(partitionCount > 0, "A topic has at least one partition.")
    return Int32(murmur2(Array(decimal: userId)) & 0x7FFF_FFFF) % partitionCount
  }

  /// Kafka's murmur2 (`org.apache.kafka.common.utils.Utils.murmur2`): 32 bits, with Kafka's own seed.
  public static func murmur2(_ bytes: [UInt8]) -> UInt32 {
    let multiplier: UInt32 = 0x5BD1_E995
    var hash: UInt32 = 0x9747_B28C ^ UInt32(truncatingIfNeeded: bytes.count)
    let whole = bytes.count & ~3
    for index in stride(from: 0, to: whole, by: 4) {
      var word = UInt32(bytes[index]) | UInt32(bytes[index + 1]) << 8
      word |= UInt32(bytes[index + 2]) << 16 | UInt32(bytes[index + 3]) << 24
      word &*= multiplier
      word ^= word >> 24
      word &*= multiplier
      hash = hash &* multiplier ^ word
    }
    let rest = bytes.count - whole
    if rest > 0 {
      if rest > 2 { hash ^= UInt32(bytes[whole + 2]) << 16 }
      if rest > 1 { hash ^= UInt32(bytes[whole + 1]) << 8 }
      hash ^= UInt32(bytes[whole])
      hash &*= multiplier
    }
    hash ^= hash >> 13
    hash &*= multiplier
    return hash ^ hash >> 15
  }
}
