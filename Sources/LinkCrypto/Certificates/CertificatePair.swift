import COpenSSL
public import LinkCore

/// A certificate and its private key, both in PEM.
public struct CertificatePair: Sendable {
  /// The certificate; what follows it in the same file is kept.
  public var certificate: [UInt8]
  /// The private key.
  public var key: Secret

  /// Two files' bytes, as they are.
  public init(certificate: [UInt8], key: Secret) {
    self.certificate = certificate
    self.key = key
  }

  /// Throws what is wrong with the pair: one of the two cannot be read, or they do not belong together.
  public func check() throws(CertificateFault) {
    let certificate = try CertificateHandle(pem: certificate)
    let key = try KeyHandle(pem: key.reveal())
    guard X509_check_private_key(certificate.x509, key.key) == 1 else {
      ERR_clear_error()
      throw .strangers
    }
  }
}
