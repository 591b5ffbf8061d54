import LinkCore
import LinkCrypto
import LinkSandbox

/// The emulator's certificate and key, given or made.
struct EmulatorTLS {
  /// For the server; nil for plain http.
  let files: AdapterEmulatorConfiguration.TLSFiles?
  /// The certificate of the authority that was made, or nil where none was asked for.
  let authorityPath: String?

  static let options: [OptionDefinition] = [
    .value("--tls-cert", "FILE", "A certificate in PEM, for https; goes with --tls-key."),
    .value("--tls-key", "FILE", "Its private key in PEM."),
    .value(
      "--tls-self-signed", "DIR",
      "Serve https with a certificate for localhost, 127.0.0.1 and ::1 by a private authority; both are made in this directory, or used "
        + "again while they are good."),
  ]

  init(_ invocation: Invocation) throws(CommandFailure) {
    let given = (invocation.value("--tls-cert"), invocation.value("--tls-key"))
    if let directory = invocation.value("--tls-self-signed") {
      guard given == (nil, nil) else {
        throw .usage("--tls-self-signed", "is given, and so is a certificate or key", hint: "keep one of the two")
      }
      do {
        let made = try LoopbackCertificates(directory: directory)
        (files, authorityPath) = (made.server, made.authorityPath)
      } catch {
        throw CommandFailure(error)
      }
      return
    }
    authorityPath = nil
    switch given {
    case (nil, nil): files = nil
    case (nil, _): throw .usage("--tls-key", "needs --tls-cert as well", hint: "--tls-cert FILE --tls-key FILE")
    case (_, nil): throw .usage("--tls-cert", "needs --tls-key as well", hint: "--tls-cert FILE --tls-key FILE")
    case (let certificate?, let key?):
      try Self.check(certificate, key)
      files = .init(certificatePath: certificate, keyPath: key)
    }
  }

  private static func check(_ certificate: String, _ key: String) throws(CommandFailure) {
    let pair = CertificatePair(
      certificate: try read("--tls-cert", certificate), key: Secret(try read("--tls-key", key)))
    do { try pair.check() } catch {
      func failure(_ code: ExitCode, _ option: String, _ reason: String, _ hint: String) -> CommandFailure {
        CommandFailure(code, .init("adapter-emulator", option, reason, hint: hint))
      }
      switch error {
      case .noCertificate:
        throw failure(
          .dataError, "--tls-cert", "names a file without a certificate in PEM: \(quoted(certificate))",
          "the file that begins with -----BEGIN CERTIFICATE-----")
      case .noKey:
        throw failure(
          .dataError, "--tls-key", "names a file without a private key in PEM, or with a passphrase: \(quoted(key))",
          "the key without a passphrase, as openssl pkey -in FILE writes it")
      case .strangers:
        throw failure(
          .config, "--tls-key", "names a key that does not belong to the certificate of --tls-cert: \(quoted(key))",
          "the key with which the certificate was asked for")
      case .failed(let step): throw failure(.software, "--tls-cert", "OpenSSL could not \(step)", "freeing memory")
      }
    }
  }

  private static func read(_ option: String, _ path: String) throws(CommandFailure) -> [UInt8] {
    do { return try InputFile.read(path, limit: 1 << 20) } catch {
      let line = CommandFailure.Line(
        "adapter-emulator", option, "names a file that \(error.reason): \(quoted(path))", hint: error.hint)
      throw CommandFailure(error.exitCode, line)
    }
  }
}
