import Glibc
import LinkCore
import LinkSandbox

/// A directory for one run of the sandbox, for its owner alone.
struct SandboxDirectory {
  /// Where it is.
  let path: String
  /// Removes it where this process cannot.
  private let keeper: DirectoryKeeper

  /// The adapter's credential in it.
  var credential: String { path + "/credential" }

  /// Makes it in `TMPDIR`, else in `/tmp`.
  init(environment: [String: String]) throws(CommandFailure) {
    let parent = environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    var template = Array((parent + "/linkworker-sandbox-XXXXXX").utf8CString)
    let made = template.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
    }
    guard let made else {
      throw Self.failure("make a directory in", parent, hint: "set TMPDIR to a directory that can be written")
    }
    path = made
    do {
      keeper = try DirectoryKeeper(made)
    } catch {
      rmdir(made)
      throw CommandFailure(error)
    }
  }

  /// Writes a file that only its owner can read, and returns its path.
  @discardableResult
  func write(_ name: String, _ secret: Secret) throws(CommandFailure) -> String {
    let file = path + "/" + name
    let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.failure("make", file, hint: "") }
    defer { close(descriptor) }
    var rest = secret.reveal()[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 || errno == EINTR else {
        throw Self.failure("write", file, hint: "make room on its file system")
      }
      rest = rest.dropFirst(max(count, 0))
    }
    return file
  }

  /// Removes it with all that is in it; says what could not be removed.
  func remove() throws(CommandFailure) {
    try Self.remove(path)
  }

  private static func remove(_ directory: String) throws(CommandFailure) {
    for entry in try entries(of: directory) {
      if entry.isDirectory {
        try remove(entry.path)
      } else if unlink(entry.path) != 0 {
        throw failure("remove", entry.path, hint: "remove it by hand")
      }
    }
    guard rmdir(directory) == 0 else { throw failure("remove", directory, hint: "remove it by hand") }
  }

  private static func entries(of directory: String) throws(CommandFailure) -> [(path: String, isDirectory: Bool)] {
    guard let stream = opendir(directory) else { throw failure("list", directory, hint: "remove it by hand") }
    defer { closedir(stream) }
    var entries: [(path: String, isDirectory: Bool)] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      guard name != ".", name != ".." else { continue }
      var status = stat()
      let path = directory + "/" + name
      entries.append((path, lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR))
    }
    return entries
  }

  private static func failure(_ verb: String, _ subject: String, hint: String) -> CommandFailure {
    CommandFailure(
      .cantCreate, .init("sandbox", subject, "cannot \(verb): \(String(cString: strerror(errno)))", hint: hint))
  }
}
