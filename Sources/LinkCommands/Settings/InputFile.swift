import Glibc

/// A file that the settings or the command line name.
enum InputFile {
  /// Why a file could not be read.
  enum Fault: Error, Hashable {
    case missing
    case notPermitted
    case directory
    case tooLarge(limit: Int)
    case failed(String)

    /// The fault as the rest of a sentence.
    var reason: String {
      switch self {
      case .missing: "does not exist"
      case .notPermitted: "may not be read by this user"
      case .directory: "is a directory, not a file"
      case .tooLarge(let limit): "is larger than \(limit) bytes"
      case .failed(let error): "cannot be read: \(error)"
      }
    }

    /// What to try.
    var hint: String {
      switch self {
      case .missing: "check the path; a relative one starts at the working directory"
      case .notPermitted: "give the worker's user the right to read it"
      case .directory: "name a file in it"
      case .tooLarge: "check that it is the right file"
      case .failed: "check the file and its file system"
      }
    }

    var exitCode: ExitCode {
      switch self {
      case .missing, .directory, .failed: .noInput
      case .notPermitted: .noPermission
      case .tooLarge: .config
      }
    }
  }

  /// The bytes of the file, at most `limit`.
  static func read(_ path: String, limit: Int) throws(Fault) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw fault(errno) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count == 0 { return bytes }
      if count < 0 {
        if errno == EINTR { continue }
        throw fault(errno)
      }
      bytes += chunk[..<count]
      if bytes.count > limit { throw .tooLarge(limit: limit) }
    }
  }

  /// What a failed call says.
  static func fault(_ code: Int32) -> Fault {
    switch code {
    case ENOENT, ENOTDIR: .missing
    case EACCES, EPERM: .notPermitted
    case EISDIR: .directory
    default: .failed(String(cString: strerror(code)))
    }
  }
}
