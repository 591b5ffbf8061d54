import Glibc

/// The directory of a store, locked for this process: its files are for their owner alone.
///
/// A struct that owns a file descriptor: the lock goes when it does.
struct StoreDirectory: ~Copyable {
  let path: String
  private let lock: Int32

  /// Makes the directory where there is none, and locks it.
  init(path: String) throws(StoreFailure) {
    try Self.make(path)
    let file = path + "/lock"
    let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.failure("open the lock of the store", file) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let (code, failure) = (errno, Self.failure("lock the store", file))
      close(descriptor)
      guard code != EWOULDBLOCK else {
        throw StoreFailure(
          .locked, operation: "lock the store", subject: path, reason: "another worker holds this directory")
      }
      throw failure
    }
    self.path = path
    lock = descriptor
  }

  deinit { close(lock) }

  /// Makes an empty file where there is none, and takes other people's permissions from one that is there.
  func secure(_ name: String) throws(StoreFailure) {
    let file = path + "/" + name
    let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw Self.failure("make a file of the store", file) }
    defer { close(descriptor) }
    guard fchmod(descriptor, 0o600) == 0 else { throw Self.failure("protect a file of the store", file) }
  }

  /// Whether there is a file of this name.
  func has(_ name: String) -> Bool { access(path + "/" + name, F_OK) == 0 }

  /// How large a file is; 0 where there is none.
  func size(_ name: String) -> Int64 {
    var status = stat()
    return stat(path + "/" + name, &status) == 0 ? Int64(status.st_size) : 0
  }

  /// Renames a file over another.
  func rename(_ name: String, to other: String) throws(StoreFailure) {
    let (from, to) = (path + "/" + name, path + "/" + other)
    guard Glibc.rename(from, to) == 0 else { throw Self.failure("rename a file of the store", from) }
    try sync()
  }

  /// Removes a file, if it is there.
  func remove(_ name: String) throws(StoreFailure) {
    let file = path + "/" + name
    guard unlink(file) == 0 || errno == ENOENT else { throw Self.failure("remove a file of the store", file) }
  }

  /// The names of the files.
  func names() throws(StoreFailure) -> [String] {
    guard let stream = opendir(path) else { throw Self.failure("list the store", path) }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      names.append(
        withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
          String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        })
    }
    return names
  }

  /// The bytes of a small file, at most `limit` of them; nil where there is none.
  func read(_ name: String, limit: Int) throws(StoreFailure) -> [UInt8]? {
    let file = path + "/" + name
    let descriptor = open(file, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw Self.failure("read a file of the store", file)
    }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: limit)
    let count = Glibc.read(descriptor, &bytes, limit)
    guard count >= 0 else { throw Self.failure("read a file of the store", file) }
    return Array(bytes.prefix(count))
  }

  /// Writes a small file whole or not at all, and durably.
  func write(_ bytes: [UInt8], to name: String) throws(StoreFailure) {
    let file = path + "/" + name + ".new"
    let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.failure("write a file of the store", file) }
    let written = Glibc.write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
    let failure = Self.failure("write a file of the store", file)
    close(descriptor)
    guard written else { throw failure }
    try rename(name + ".new", to: name)
  }

  private func sync() throws(StoreFailure) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.failure("open the store", path) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw Self.failure("sync the store", path) }
  }

  private static func make(_ path: String) throws(StoreFailure) {
    if mkdir(path, 0o700) == 0 { return }
    switch errno {
    case EEXIST: return
    case ENOENT:
      let parent = path.split(separator: "/", omittingEmptySubsequences: true).dropLast().joined(separator: "/")
      guard !parent.isEmpty else { break }
      try make(path.hasPrefix("/") ? "/" + parent : parent)
      if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
    default: break
    }
    throw failure("make the store's directory", path)
  }

  /// The failure that `errno` means.
  private static func failure(_ operation: String, _ subject: String) -> StoreFailure {
    let code = errno
    let kind: StoreFailure.Kind =
      switch code {
      case ENOSPC, EDQUOT: .full
      case EIO: .io
      default: .unwritable
      }
    return StoreFailure(kind, operation: operation, subject: subject, reason: String(cString: strerror(code)))
  }
}
