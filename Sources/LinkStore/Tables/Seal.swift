/// A check sum over what a row says, so that a flipped bit is damage and not another link's state. Not against forgery.
///
/// FNV-1a over 64 bits, by words of eight bytes; the fields' lengths are mixed in, so that bytes cannot move from one to the next.
struct Seal {
  private var hash: UInt64 = 0xCBF2_9CE4_8422_2325

  /// The sum as SQLite keeps it.
  var value: Int64 { Int64(bitPattern: hash) }

  mutating func add(_ bytes: [UInt8]) {
    add(Int64(bytes.count))
    bytes.withUnsafeBytes { bytes in
      var place = 0
      while place + 8 <= bytes.count {
        add(Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: Int64.self)))
        place += 8
      }
      for byte in bytes[place...] { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }
  }

  mutating func add(_ number: Int64) {
    hash = (hash ^ UInt64(bitPattern: number)) &* 0x100_0000_01B3
    hash ^= hash >> 29
  }

  mutating func add(_ number: Int64?) {
    add(Int64(number == nil ? 0 : 1))
    add(number ?? 0)
  }
}
