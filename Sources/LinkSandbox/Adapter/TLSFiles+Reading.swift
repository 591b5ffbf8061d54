import Glibc

extension AdapterEmulatorConfiguration.TLSFiles {
  /// The two files' bytes.
  func read() throws(SandboxFailure) -> (certificate: [UInt8], key: [UInt8]) {
    (try Self.read(certificatePath), try Self.read(keyPath))
  }

  private static func read(_ path: String) throws(SandboxFailure) -> [UInt8] {
    func failure(_ problem: String) -> SandboxFailure {
      SandboxFailure(
        operation: "read a TLS file of the emulator", subject: path, problem: problem,
        hint: "the path of a PEM file that can be read")
    }
    guard let file = fopen(path, "re") else { throw failure(String(cString: strerror(errno))) }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&bytes, 1, bytes.count, file)
    guard count > 0, count < bytes.count, ferror(file) == 0 else {
      throw failure("it is empty, too large or unreadable")
    }
    return Array(bytes[..<count])
  }
}
