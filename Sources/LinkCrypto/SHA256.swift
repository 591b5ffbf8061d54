import COpenSSL
public import LinkCore

/// SHA-256 (FIPS 180-4) of `bytes`, by OpenSSL.
@Sendable public func sha256(_ bytes: [UInt8]) -> Digest {
  var digest = [UInt8](repeating: 0, count: 32)
  var length: UInt32 = 0
  let done = EVP_Digest(bytes, bytes.count, &digest, &length, EVP_sha256(), nil)
  guard done == 1, let result = Digest(digest) else {
    preconditionFailure("OpenSSL has no SHA-256: the library is broken.")
  }
  return result
}
