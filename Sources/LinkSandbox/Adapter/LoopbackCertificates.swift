import Glibc
import LinkCore
import LinkCrypto

/// A private authority and a server certificate of it for this machine's loopback names, as files of one directory: TLS with a private CA in a
/// minute.
public struct LoopbackCertificates: Sendable {
  /// The certificate and key that a server takes.
  public let server: AdapterEmulatorConfiguration.TLSFiles
  /// The authority's certificate, which clients trust: what `adapter.ca.file` names.
  public let authorityPath: String
  /// Whether all of it was there already.
  public let wereThere: Bool

  /// What is good for less than this is made anew.
  private static let margin: Milliseconds = 86_400_000

  /// Uses what is in the directory as far as it is good for another day, and makes the rest: a directory of mode 0700, certificates of 0644, keys
  /// of 0600.
  ///
  /// A file of one of the four names that holds something else is never written over.
  public init(directory: String) throws(SandboxFailure) {
    if mkdir(directory, 0o700) != 0, errno != EEXIST { throw Self.failure(directory, errno) }
    let authorityFiles = PairFiles(directory: directory, name: "emulator-ca")
    let serverFiles = PairFiles(directory: directory, name: "emulator")
    server = .init(certificatePath: serverFiles.certificate, keyPath: serverFiles.key)
    authorityPath = authorityFiles.certificate
    let until = Timestamp(milliseconds: wallMilliseconds()) + Self.margin

    var authority = try authorityFiles.read().map { pair throws(SandboxFailure) in
      try Self.made(authorityFiles.certificate) { () throws(CertificateFault) in try LocalAuthority(pair) }
    }
    let present = try serverFiles.read()
    if let authority, authority.isGood(until: until), let present, authority.vouches(for: present, until: until) {
      wereThere = true
      return
    }
    if authority?.isGood(until: until) != true {
      let made = try Self.made(directory) { () throws(CertificateFault) in try LocalAuthority() }
      try authorityFiles.write(made.pair)
      authority = made
    }
    if let authority {
      try serverFiles.write(
        try Self.made(directory) { () throws(CertificateFault) in try authority.makeServer() })
    }
    wereThere = false
  }

  private static func made<Made>(
    _ subject: String, _ body: () throws(CertificateFault) -> Made
  ) throws(SandboxFailure) -> Made {
    do { return try body() } catch {
      let problem =
        switch error {
        case .noCertificate: "it is no certificate"
        case .noKey: "its key is none, or has a passphrase"
        case .strangers: "its key is another certificate's"
        case .failed(let step): "OpenSSL could not \(step)"
        }
      throw SandboxFailure(
        "make certificates", subject, problem, hint: "another directory, or removing the files emulator* in it")
    }
  }

  fileprivate static func failure(_ path: String, _ code: Int32) -> SandboxFailure {
    SandboxFailure(
      "make certificates", path, String(cString: strerror(code)), hint: "a directory that this user may write to")
  }
}

/// A certificate and a key in two files beside each other.
private struct PairFiles {
  let certificate: String
  let key: String

  init(directory: String, name: String) {
    certificate = "\(directory)/\(name).pem"
    key = "\(directory)/\(name).key"
  }

  /// What they hold, or nil where neither is there; throws where one alone is, or where they are no pair.
  func read() throws(SandboxFailure) -> CertificatePair? {
    guard access(certificate, F_OK) == 0 || access(key, F_OK) == 0 else { return nil }
    let files = AdapterEmulatorConfiguration.TLSFiles(certificatePath: certificate, keyPath: key)
    let bytes = try files.read()
    let pair = CertificatePair(certificate: bytes.certificate, key: Secret(bytes.key))
    do { try pair.check() } catch {
      throw SandboxFailure(
        "make certificates", certificate, "it and the key beside it are there, and are no pair that could be used",
        hint: "another directory, or removing the files emulator* in it")
    }
    return pair
  }

  func write(_ pair: CertificatePair) throws(SandboxFailure) {
    try Self.write(pair.key.reveal(), to: key, mode: 0o600)
    try Self.write(pair.certificate, to: certificate, mode: 0o644)
  }

  /// Replaces a file as a whole.
  private static func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws(SandboxFailure) {
    let next = path + ".next"
    unlink(next)
    let descriptor = open(next, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw LoopbackCertificates.failure(next, errno) }
    // They are shorter than what any file system takes at once; what is not written whole is told as an error.
    let count = Glibc.write(descriptor, bytes, bytes.count)
    let code = errno
    guard close(descriptor) == 0, count == bytes.count, rename(next, path) == 0 else {
      unlink(next)
      throw LoopbackCertificates.failure(path, count < 0 ? code : errno)
    }
  }
}
