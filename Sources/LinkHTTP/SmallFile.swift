import Glibc

/// A small regular file that is read whole, with what tells it from another version of itself.
struct SmallFile {
  /// Its bytes.
  var bytes: [UInt8]
  /// Tells this version from the next one.
  var version: Version

  /// What changes when a file is written to, replaced, or reached through another symbolic link.
  struct Version: Equatable {
    var device: UInt64
    var inode: UInt64
    var size: Int64
    var modified: Int64
    var changed: Int64

    init(_ status: stat) {
      device = UInt64(status.st_dev)
      inode = UInt64(status.st_ino)
      size = Int64(status.st_size)
      modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
      changed = Int64(status.st_ctim.tv_sec) * 1_000_000_000 + Int64(status.st_ctim.tv_nsec)
    }

    /// The version of the file at `path` now, or nil where there is none to be seen.
    static func current(_ path: String) -> Version? {
      var status = stat()
      return stat(path, &status) == 0 ? Version(status) : nil
    }

    /// Whether a write a moment later could have left the same times: file systems count them in ticks of some milliseconds.
    var isFresh: Bool {
      var now = timespec()
      clock_gettime(CLOCK_REALTIME, &now)
      let age = Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec) - max(modified, changed)
      return age < 100_000_000
    }
  }

  /// Why a file could not be read.
  struct Fault: Error {
    var problem: String
    var hint: String
  }

  /// Reads the file at `path`, of at most `limit` bytes.
  static func read(_ path: String, limit: Int) throws(Fault) -> SmallFile {
    // Non-blocking, so that a pipe in its place is told of rather than waited for.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Fault(errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Fault(errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw Fault(problem: "it is not a regular file", hint: "a path to a regular file")
    }
    let version = Version(status)
    var bytes = [UInt8](repeating: 0, count: limit + 1)
    var count = 0
    while count < bytes.count {
      let got = bytes.withUnsafeMutableBytes { space in
        Glibc.read(descriptor, space.baseAddress?.advanced(by: count), space.count - count)
      }
      if got < 0 {
        if errno == EINTR { continue }
        throw Fault(errno)
      }
      if got == 0 { break }
      count += got
    }
    guard count <= limit else {
      throw Fault(problem: "it is longer than \(limit) bytes", hint: "the right file, and nothing else in it")
    }
    bytes.removeLast(bytes.count - count)
    return SmallFile(bytes: bytes, version: version)
  }
}

extension SmallFile.Fault {
  /// The fault that `errno` tells.
  fileprivate init(_ code: Int32) {
    let hint =
      switch code {
      case ENOENT, ENOTDIR: "creating the file, or correcting its path"
      case EACCES, EPERM: "letting the worker's user read the file and enter its folders"
      default: "looking at the file system"
      }
    self.init(problem: String(cString: strerror(code)), hint: hint)
  }
}
