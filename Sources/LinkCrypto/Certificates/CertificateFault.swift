import COpenSSL

/// Why certificates and keys cannot be used or made.
public enum CertificateFault: Error, Equatable, Sendable {
  /// The bytes hold no certificate in PEM.
  case noCertificate
  /// The bytes hold no private key in PEM without a passphrase.
  case noKey
  /// The private key is another certificate's.
  case strangers
  /// OpenSSL failed at this step, for want of memory or randomness.
  case failed(String)

  /// A step that failed, with OpenSSL's own reason where it has one.
  static func library(_ step: String) -> CertificateFault {
    let code = ERR_get_error()
    ERR_clear_error()
    guard code != 0 else { return .failed(step) }
    return .failed(ERR_reason_error_string(code).map { "\(step): \(String(cString: $0))" } ?? step)
  }
}
