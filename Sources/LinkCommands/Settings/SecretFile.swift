public import LinkCore

/// A file that holds one secret on one line: the adapter's credential or Kafka's password. Its path is named in the settings, so that
/// the secret stands neither in a process list nor in the environment.
public struct SecretFile: Hashable, Sendable {
  /// Where it is.
  public var path: String
  /// What its content must be fit for.
  public var use: Use

  /// What a secret is used for.
  public enum Use: Hashable, Sendable {
    /// It goes into an HTTP header: printable ASCII without blanks.
    case bearer
    /// Any text without control characters.
    case password

    /// Whether these bytes can be used so.
    func fits(_ bytes: [UInt8]) -> Bool {
      switch self {
      case .bearer: bytes.allSatisfy { 0x21...0x7E ~= $0 }
      case .password: Text(utf8: bytes)?.hasControlCharacters == false
      }
    }
  }

  /// A secret's file.
  public init(path: String, use: Use) {
    self.path = path
    self.use = use
  }

  /// The secret: the content without one newline at its end. Read it anew whenever it may have been rotated.
  public func read() throws(SettingFault) -> Secret {
    var bytes: [UInt8]
    do {
      bytes = try InputFile.read(path, limit: 64 << 10)
    } catch {
      throw SettingFault("names a file that \(error.reason)", hint: error.hint, exitCode: error.exitCode)
    }
    if bytes.last == UInt8(ascii: "\n") {
      bytes.removeLast()
    }
    guard !bytes.isEmpty else {
      throw SettingFault("names a file that is empty", hint: "write the secret into it, on one line")
    }
    guard use.fits(bytes) else {
      throw SettingFault(
        use == .bearer
          ? "names a file that holds more than printable ASCII without blanks on one line"
          : "names a file that holds more than one line of UTF-8 text",
        hint: "write nothing but the secret into it")
    }
    return Secret(bytes)
  }
}
