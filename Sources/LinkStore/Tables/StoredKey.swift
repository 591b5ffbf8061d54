import LinkCore

/// A link's key as the tables have it.
struct StoredKey: Sendable {
  let user: Int64
  /// The idempotency key's bytes.
  let text: [UInt8]
  /// The first 16 bytes of SHA-256 over the user (8 bytes, big-endian) and the text.
  let digest: [UInt8]

  init(_ key: LinkKey, sha256: SHA256Function) {
    user = key.userId
    text = key.idempotencyKey.utf8
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 + text.count)
    withUnsafeBytes(of: user.bigEndian) { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: text)
    digest = Array(sha256(bytes).bytes.prefix(16))
  }

  /// A key out of its row.
  init(user: Int64, text: [UInt8], digest: [UInt8]) {
    self.user = user
    self.text = text
    self.digest = digest
  }
}
