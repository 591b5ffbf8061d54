import COpenSSL

/// What a certificate says of itself, as far as a person who looks after it needs it.
public struct CertificateFacts: Hashable, Sendable {
  /// Its subject as RFC 2253 writes it, for instance `CN=worker,O=Northwind`: with client certificates, Kafka's principal.
  public var subject: String
  /// Seconds from now to its end; negative once that has passed.
  public var secondsLeft: Int64
  /// Seconds from now to its beginning; positive while that is to come.
  public var secondsToBegin: Int64

  /// The first certificate in a PEM text; nil where there is none that OpenSSL can read.
  public init?(pem: [UInt8]) {
    guard let source = BIO_new_mem_buf(pem, Int32(clamping: pem.count)) else { return nil }
    defer { BIO_free(source) }
    // A key before the certificate is passed over; nothing asks for its password.
    guard let certificate = PEM_read_bio_X509(source, nil, { _, _, _, _ in 0 }, nil) else {
      ERR_clear_error()
      return nil
    }
    defer { X509_free(certificate) }
    guard let name = X509_get_subject_name(certificate), let subject = Self.text(of: name),
      let end = Self.seconds(to: X509_get0_notAfter(certificate)),
      let beginning = Self.seconds(to: X509_get0_notBefore(certificate))
    else { return nil }
    (self.subject, secondsLeft, secondsToBegin) = (subject, end, beginning)
  }

  private static func text(of name: OpaquePointer) -> String? {
    guard let sink = BIO_new(BIO_s_mem()) else { return nil }
    defer { BIO_free(sink) }
    guard X509_NAME_print_ex(sink, name, 0, link_openssl_name_flags) >= 0 else { return nil }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = BIO_read(sink, &bytes, Int32(bytes.count))
    return count >= 0 ? String(decoding: bytes.prefix(Int(count)), as: UTF8.self) : nil
  }

  private static func seconds(to time: UnsafePointer<ASN1_TIME>?) -> Int64? {
    var (days, seconds): (Int32, Int32) = (0, 0)
    // nil is now
    guard let time, ASN1_TIME_diff(&days, &seconds, nil, time) == 1 else { return nil }
    return Int64(days) * 86_400 + Int64(seconds)
  }
}
