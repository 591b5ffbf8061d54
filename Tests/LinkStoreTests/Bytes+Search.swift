import Glibc

extension [UInt8] {
  /// Whether the bytes of `text` stand anywhere in these.
  func contains(_ text: String) -> Bool {
    let wanted = Array(text.utf8)
    guard let first = wanted.first else { return true }
    return withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else { return false }
      var place = 0
      while place + wanted.count <= bytes.count,
        let hit = memchr(start + place, Int32(first), bytes.count - place - wanted.count + 1)
      {
        if memcmp(hit, wanted, wanted.count) == 0 { return true }
        place = UnsafeRawPointer(hit) - start + 1
      }
      return false
    }
  }
}
