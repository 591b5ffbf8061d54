import COpenSSL
public import LinkCore

/// A certificate authority of one's own that may speak for this machine's loopback names alone, to try TLS with.
///
/// Its certificates are those that RFC 5280 asks of a private authority: P-256 keys, SHA-256, name constraints on the authority, so that
/// whoever finds its key can pretend to be nobody else.
public struct LocalAuthority: Sendable {
  /// Its own certificate and key.
  public let pair: CertificatePair

  /// The names that its server certificates are for.
  public static let names = ["localhost", "127.0.0.1", "::1"]
  /// How long its certificates are good.
  private static let days = 365

  /// A new authority.
  public init() throws(CertificateFault) {
    let key = try KeyHandle()
    let certificate = try Self.certificate("linkworker's private authority", key, days: Self.days)
    try Self.extend(
      certificate, issuer: certificate,
      [
        (NID_basic_constraints, "critical,CA:TRUE,pathlen:0"), (NID_key_usage, "critical,keyCertSign,cRLSign"),
        (NID_subject_key_identifier, "hash"),
        (
          NID_name_constraints,
          "critical,permitted;DNS:localhost,permitted;IP:127.0.0.1/255.255.255.255,"
            + "permitted;IP:::1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
        ),
      ])
    try Self.sign(certificate, by: certificate, key)
    pair = CertificatePair(certificate: try certificate.pem(), key: Secret(try key.pem()))
  }

  /// An authority that was made before; throws where the pair is none.
  public init(_ pair: CertificatePair) throws(CertificateFault) {
    try pair.check()
    self.pair = pair
  }

  /// A new server certificate for the loopback names, and its key.
  public func makeServer() throws(CertificateFault) -> CertificatePair {
    let issuer = try CertificateHandle(pem: pair.certificate)
    let key = try KeyHandle()
    let certificate = try Self.certificate("localhost", key, days: Self.days)
    try Self.extend(
      certificate, issuer: issuer,
      [
        (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"),
        (NID_ext_key_usage, "serverAuth"), (NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1"),
        (NID_subject_key_identifier, "hash"), (NID_authority_key_identifier, "keyid"),
      ])
    try Self.sign(certificate, by: issuer, try KeyHandle(pem: pair.key.reveal()))
    return CertificatePair(certificate: try certificate.pem(), key: Secret(try key.pem()))
  }

  /// Whether the authority's own certificate is good now and at `moment`.
  public func isGood(until moment: Timestamp) -> Bool {
    guard let certificate = try? CertificateHandle(pem: pair.certificate) else { return false }
    return X509_check_ca(certificate.x509) == 1 && Self.isGood(certificate, until: moment)
  }

  /// Whether a server's certificate is this authority's, for the loopback names, and good now and at `moment`.
  public func vouches(for server: CertificatePair, until moment: Timestamp) -> Bool {
    guard (try? server.check()) != nil, let own = try? CertificateHandle(pem: pair.certificate),
      let certificate = try? CertificateHandle(pem: server.certificate)
    else { return false }
    defer { ERR_clear_error() }
    return X509_check_issued(own.x509, certificate.x509) == X509_V_OK
      && X509_verify(certificate.x509, X509_get0_pubkey(own.x509)) == 1 && Self.isGood(certificate, until: moment)
      && X509_check_host(certificate.x509, Self.names[0], 0, 0, nil) == 1
      && Self.names.dropFirst().allSatisfy { X509_check_ip_asc(certificate.x509, $0, 0) == 1 }
  }

  private static func isGood(_ certificate: borrowing CertificateHandle, until moment: Timestamp) -> Bool {
    var seconds = time_t(moment.milliseconds / 1_000)
    return X509_cmp_time(X509_get0_notBefore(certificate.x509), nil) < 0
      && X509_cmp_time(X509_get0_notAfter(certificate.x509), &seconds) > 0
  }

  // MARK: - Making

  /// A certificate of a name and a key, not signed yet.
  private static func certificate(
    _ name: String, _ key: borrowing KeyHandle, days: Int
  ) throws(CertificateFault) -> CertificateHandle {
    guard let x509 = X509_new() else { throw .library("make a certificate") }
    let certificate = CertificateHandle(owning: x509)
    var serial: UInt64 = 0
    let isRandom = withUnsafeMutableBytes(of: &serial) { bytes in
      RAND_bytes(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(bytes.count)) == 1
    }
    let letters = Array(name.utf8)
    // An hour back, for a clock that is behind.
    let isDone =
      isRandom && X509_set_version(x509, 2) == 1
      && ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), serial >> 1 | 1) == 1
      && X509_gmtime_adj(X509_getm_notBefore(x509), -3_600) != nil
      && X509_gmtime_adj(X509_getm_notAfter(x509), days * 86_400) != nil
      && X509_NAME_add_entry_by_NID(
        X509_get_subject_name(x509), NID_commonName, MBSTRING_UTF8, letters, Int32(letters.count), -1, 0) == 1
      && X509_set_pubkey(x509, key.key) == 1
    guard isDone else { throw .library("make a certificate") }
    return certificate
  }

  private static func extend(
    _ certificate: borrowing CertificateHandle, issuer: borrowing CertificateHandle,
    _ extensions: [(id: Int32, value: String)]
  ) throws(CertificateFault) {
    var context = X509V3_CTX()
    X509V3_set_ctx(&context, issuer.x509, certificate.x509, nil, nil, 0)
    for (id, value) in extensions {
      guard let made = X509V3_EXT_nconf_nid(nil, &context, id, value) else { throw .library("make an extension") }
      defer { X509_EXTENSION_free(made) }
      guard X509_add_ext(certificate.x509, made, -1) == 1 else { throw .library("add an extension") }
    }
  }

  private static func sign(
    _ certificate: borrowing CertificateHandle, by issuer: borrowing CertificateHandle, _ key: borrowing KeyHandle
  ) throws(CertificateFault) {
    guard X509_set_issuer_name(certificate.x509, X509_get_subject_name(issuer.x509)) == 1,
      X509_sign(certificate.x509, key.key, EVP_sha256()) > 0
    else { throw .library("sign a certificate") }
  }
}
