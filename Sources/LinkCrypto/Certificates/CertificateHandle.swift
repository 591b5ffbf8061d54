import COpenSSL

/// A certificate of OpenSSL's.
struct CertificateHandle: ~Copyable {
  let x509: OpaquePointer

  /// Takes over what was made.
  init(owning x509: OpaquePointer) { self.x509 = x509 }

  /// The first certificate in these bytes.
  init(pem: [UInt8]) throws(CertificateFault) {
    let found = Memory(pem).flatMap { PEM_read_bio_X509($0.bio, nil, refusePassphrase, nil) }
    guard let found else {
      ERR_clear_error()
      throw .noCertificate
    }
    self.init(owning: found)
  }

  deinit { X509_free(x509) }

  /// It in PEM.
  func pem() throws(CertificateFault) -> [UInt8] {
    try Memory.written("write a certificate") { PEM_write_bio_X509($0, x509) }
  }
}

/// A private key of OpenSSL's.
struct KeyHandle: ~Copyable {
  let key: OpaquePointer

  /// A new key on the curve P-256.
  init() throws(CertificateFault) {
    guard let made = link_make_p256_key() else { throw .library("make a key") }
    key = made
  }

  /// The first private key in these bytes; one behind a passphrase is none.
  init(pem: [UInt8]) throws(CertificateFault) {
    let found = Memory(pem).flatMap { PEM_read_bio_PrivateKey($0.bio, nil, refusePassphrase, nil) }
    guard let found else {
      ERR_clear_error()
      throw .noKey
    }
    key = found
  }

  deinit { EVP_PKEY_free(key) }

  /// It in PEM, without a passphrase.
  func pem() throws(CertificateFault) -> [UInt8] {
    try Memory.written("write a key") { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) }
  }
}

/// Bytes as OpenSSL reads and writes them.
private final class Memory {
  let bio: OpaquePointer
  private let bytes: [UInt8]

  /// These bytes, to be read; nil where memory is out.
  init?(_ bytes: [UInt8]) {
    self.bytes = bytes
    guard let bio = BIO_new(BIO_s_mem()) else { return nil }
    self.bio = bio
    guard bytes.isEmpty || BIO_write(bio, bytes, Int32(bytes.count)) == Int32(bytes.count) else { return nil }
  }

  deinit { BIO_free(bio) }

  /// What `write`, which returns 1 when it went well, puts there.
  static func written(
    _ step: String, _ write: (OpaquePointer) -> Int32
  ) throws(CertificateFault) -> [UInt8] {
    guard let memory = Memory([]), write(memory.bio) == 1 else { throw .library(step) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4_096)
    while case let count = BIO_read(memory.bio, &chunk, Int32(chunk.count)), count > 0 {
      bytes += chunk[..<Int(count)]
    }
    return bytes
  }
}

/// Without it OpenSSL would ask for a passphrase on the terminal.
private func refusePassphrase(
  _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int32, _ isWriting: Int32, _ context: UnsafeMutableRawPointer?
) -> Int32 { -1 }
