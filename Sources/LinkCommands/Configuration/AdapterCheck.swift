import Glibc
import LinkCrypto
import LinkHTTP

/// Tries the adapter without asking for a token and without its credential, and looks at the credential's file.
struct AdapterCheck {
  let settings: WorkerSettings.Adapter

  /// Whether the adapter answers.
  func run(_ tell: (CheckResult) -> Void) {
    if let path = settings.caFile, let pem = try? InputFile.read(path, limit: 16 << 20),
      let certificate = CertificateFacts(pem: pem)
    {
      tell(CertificateCheck.result(certificate, "adapter", "adapter.ca.file (\(certificate.subject))"))
    }
    do throws(AdapterClientFailure) {
      tell(result(try AdapterProbe(try AdapterClientSettings(settings)).run()))
    } catch {
      tell(.problem("adapter", "\(error.subject): \(error.problem)", hint: error.hint, .config))
    }
  }

  /// Whether the credential can be used; what its file says is told to nobody.
  func checkCredential(_ tell: (CheckResult) -> Void) {
    let path = settings.credentialFile.path
    do throws(AdapterClientFailure) {
      _ = try CredentialFile(path: path)
    } catch {
      tell(.problem("credential", "\(error.subject): \(error.problem)", hint: error.hint, .config))
      return
    }
    tell(.ok("credential", "\(path) has one line"))
    if let note = Self.openness(of: path, "credential") { tell(note) }
  }

  /// A note where others than the owner and the group may read a file with a secret.
  static func openness(of path: String, _ area: String) -> CheckResult? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & 0o007 != 0 else { return nil }
    let mode = "0" + String(status.st_mode & 0o777, radix: 8)
    return .note(area, "everybody on this machine may use \(path) (mode \(mode))", hint: "chmod 600 \(path)")
  }

  private func result(_ finding: AdapterProbe.Finding) -> CheckResult {
    let url = settings.url
    switch finding {
    case .answered(let status, let address):
      let text = "\(url) answers from \(address), with status \(status) to a GET without the credential"
      return status >= 500
        ? .note("adapter", text, hint: "look whether the adapter is well; the worker will try again")
        : .ok("adapter", text)
    case .redirected(let place):
      return .problem(
        "adapter",
        "\(url) redirects" + (place.map { " to \(quoted(String($0.prefix { $0 != "?" })))" } ?? "")
          + ", and the worker follows nobody",
        hint: "set adapter.url to the adapter itself", .config)
    case .untrusted(let problem, let hint): return .problem("adapter", "\(url): \(problem)", hint: hint, .config)
    case .unreachable(let problem, let hint): return .problem("adapter", "\(url): \(problem)", hint: hint, .unavailable)
    }
  }
}

extension AdapterClientSettings {
  /// How the adapter is called by these settings.
  init(_ settings: WorkerSettings.Adapter) throws(AdapterClientFailure) {
    self.init(
      endpoint: try AdapterEndpoint(url: settings.url.description), credentialPath: settings.credentialFile.path,
      caPath: settings.caFile, connectTimeout: settings.connectTimeout, totalTimeout: settings.timeout,
      concurrency: settings.concurrency)
  }
}
