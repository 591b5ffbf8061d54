import LinkCrypto

/// Who the worker is to Kafka, as far as its own settings tell.
struct KafkaPrincipal {
  /// The principal of access rules, for instance `User:linkworker`.
  let name: String
  /// The client certificate, where the worker is known by one.
  private(set) var certificate: CertificateFacts?
  /// What the broker may make another name of; empty where it makes none.
  private(set) var remark = ""

  init(_ settings: WorkerSettings.Kafka) {
    func property(_ name: String) -> String? { settings.properties.first { $0.name == name }?.reveal() }
    let security = property("security.protocol")?.lowercased() ?? "plaintext"
    if security.hasPrefix("sasl_") {
      name = property("sasl.username").map { "User:\($0)" } ?? "User:NAME"
      if property("sasl.username") == nil { remark = "NAME: who the broker takes the worker for" }
      return
    }
    // A file that cannot be read is told where the settings are checked; the principal is then unknown.
    let pem = property("ssl.certificate.location").flatMap { try? InputFile.read($0, limit: 1 << 20) }
    certificate =
      security == "ssl"
      ? (pem ?? property("ssl.certificate.pem").map { Array($0.utf8) }).flatMap { CertificateFacts(pem: $0) } : nil
    if let certificate {
      name = "User:\(certificate.subject)"
      remark = "where the brokers have ssl.principal.mapping.rules, the name that these make of it"
    } else if security == "ssl", property("ssl.keystore.location") != nil {
      name = "User:SUBJECT"
      remark = "SUBJECT: that of the certificate in kafka.ssl.keystore.location"
    } else {
      name = "User:ANONYMOUS"
    }
  }
}
