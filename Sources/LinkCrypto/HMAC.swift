import COpenSSL
public import LinkCore

/// HMAC-SHA-256 (RFC 2104) of `bytes` under `key`, by OpenSSL.
@Sendable public func hmacSHA256(_ bytes: [UInt8], key: Secret) -> Digest {
  let key = key.reveal()
  var code = [UInt8](repeating: 0, count: 32)
  var length: UInt32 = 0
  let done = HMAC(EVP_sha256(), key, Int32(key.count), bytes, bytes.count, &code, &length)
  guard done != nil, let result = Digest(code) else {
    preconditionFailure("OpenSSL has no HMAC-SHA-256: the library is broken.")
  }
  return result
}

/// Whether two byte strings are equal, in a time that tells nothing but whether their lengths are.
public func equalInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
  guard left.count == right.count else { return false }
  return zip(left, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
}
