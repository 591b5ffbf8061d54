import Glibc
public import LinkCore

/// The file that holds the adapter's bearer credential, read again whenever it has changed.
///
/// It may be rewritten, replaced by a rename, or reached through a symbolic link that is swapped, as Kubernetes does with mounted secrets. One
/// trailing line feed is dropped; an empty credential, one of more than 16 KiB, and one with a control character (a carriage return or another
/// line among them) is a failure.
public struct CredentialFile: Sendable {
  /// Where it is.
  public let path: String
  /// Bytes that a credential may have.
  public static let limit = 16 * 1024
  /// How often the file system is asked whether it changed.
  public static let checkInterval: Milliseconds = 200

  /// The last good credential.
  private var secret: Secret
  /// Counts the different credentials read, so that a user need not compare them.
  private(set) var generation = 1
  private var version: SmallFile.Version?
  private var nextCheck: Milliseconds = 0
  private var fault: AdapterClientFailure?

  /// Reads the credential at `path`.
  public init(path: String) throws(AdapterClientFailure) {
    self.path = path
    (secret, version) = try Self.read(path)
  }

  /// The credential, read again where the file has changed since it was last looked at, which is done at most every
  /// `checkInterval`.
  ///
  /// Where it cannot be read any more, the last good one stays, and `onFault` is told: once for each different fault.
  public mutating func current(onFault: (AdapterClientFailure) -> Void) -> Secret {
    let now = uptime()
    if now >= nextCheck {
      nextCheck = now + Self.checkInterval
      if version == nil || SmallFile.Version.current(path) != version { reload(onFault) }
    }
    return secret
  }

  /// Makes the next `current` read the file whether it seems to have changed or not.
  public mutating func forceReload() {
    version = nil
    nextCheck = 0
  }

  private mutating func reload(_ onFault: (AdapterClientFailure) -> Void) {
    do {
      let (read, version) = try Self.read(path)
      self.version = version
      fault = nil
      if read != secret {
        secret = read
        generation += 1
      }
    } catch {
      version = nil
      if error != fault { onFault(error) }
      fault = error
    }
  }

  /// The credential, and the version of the file where that can be trusted to change with the next write.
  private static func read(_ path: String) throws(AdapterClientFailure) -> (Secret, SmallFile.Version?) {
    func failure(_ problem: String, _ hint: String) -> AdapterClientFailure {
      AdapterClientFailure(operation: "read the adapter's credential", subject: path, problem: problem, hint: hint)
    }
    let file: SmallFile
    do {
      file = try SmallFile.read(path, limit: limit)
    } catch {
      throw failure(error.problem, error.hint)
    }
    let credential = file.bytes.last == 0x0A ? file.bytes.dropLast() : file.bytes[...]
    guard !credential.isEmpty else { throw failure("it is empty", "writing the credential from Spotware into it") }
    guard let text = Text(utf8: credential) else {
      throw failure("it is not UTF-8", "writing the credential alone into it, as text")
    }
    guard !text.hasControlCharacters else {
      throw failure(
        "it has a control character, such as a carriage return or a second line",
        "writing the credential alone into it, on one line that ends in a line feed or not at all")
    }
    return (Secret(Array(credential)), file.version.isFresh ? nil : file.version)
  }
}

/// Milliseconds of a clock that never jumps.
func uptime() -> Milliseconds {
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  return Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec) / 1_000_000
}
