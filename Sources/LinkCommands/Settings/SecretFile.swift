public import LinkCore

/// A file that holds one secret on one line: the adapter's credential or Kafka's password. Its path is named in the settings, so that
/// the secret stands neither in a process list nor in the environment.
public struct SecretFile: Hashable, Sendable {
  /// Where it is.
  public var path: String
  /// A secret's file.
  public init(path: String) { self.path = path }

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
    guard Self.isText(bytes) else {
      throw SettingFault(
        "names a file that is not UTF-8 text without control characters, such as a carriage return or a second line",
        hint: "write nothing but the secret into it, on one line")
    }
    return Secret(bytes)
  }

  /// Whether these bytes can be a secret: both uses end at a control character.
  static func isText(_ bytes: [UInt8]) -> Bool { Text(utf8: bytes)?.hasControlCharacters == false }
}
