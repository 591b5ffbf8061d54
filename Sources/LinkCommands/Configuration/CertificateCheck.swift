import LinkCrypto

/// Whether a certificate of ours is in date.
enum CertificateCheck {
  private static let day: Int64 = 86_400

  /// What there is to say of a certificate that is called `name` in messages.
  static func result(_ certificate: CertificateFacts, _ area: String, _ name: String) -> CheckResult {
    if certificate.secondsToBegin > 0 {
      return .problem(area, "\(name) is not valid yet", hint: "check this machine's clock", .config)
    }
    if certificate.secondsLeft < 0 {
      return .problem(
        area, "\(name) ended \(-certificate.secondsLeft / day) days ago", hint: "have it renewed", .config)
    }
    let left = "\(name) is valid for \(certificate.secondsLeft / day) days"
    return certificate.secondsLeft < 14 * day ? .note(area, left, hint: "have it renewed") : .ok(area, left)
  }
}
