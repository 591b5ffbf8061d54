import Glibc

/// What a store directory is like, looked at without changing anything: nothing is made, locked for longer than a moment, or repaired.
public struct StoreSurvey: Sendable, Equatable {
  /// Whether the directory is there; otherwise the worker makes it.
  public var exists: Bool
  /// Why it cannot be made or written to; nil where it can.
  public var obstacle: StoreFailure?
  /// Whether a running worker holds it.
  public var isHeld: Bool
  /// Bytes that are free to this user on its disk; nil where nobody could tell.
  public var freeBytes: UInt64?
  /// The random name that a worker has kept there; nil where there is none.
  public var instanceID: String?
  /// What the database holds; nil where there is none, or where it is not looked at because a worker holds it.
  public var content: Content?

  /// What a database holds.
  public enum Content: Sendable, Equatable {
    /// Links of this cluster, topics and group (none of these while it belongs to nobody yet), and answers that are not committed.
    case links(Int64, journaled: Int64, binding: StoreBinding?)
    /// The last worker did not end cleanly: what its write-ahead log holds is only read when the store is opened.
    case unfinished
    /// The worker will set it aside and begin anew, for this reason.
    case unusable(String)
  }

  /// Looks at the directory of this path.
  public init(path: String) {
    var status = stat()
    exists = stat(path, &status) == 0
    (obstacle, isHeld, freeBytes, instanceID, content) = (nil, false, nil, nil, nil)
    let standing = Self.nearestExisting(path)
    freeBytes = Self.freeBytes(standing)
    let isDirectory = stat(standing, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    guard isDirectory else {
      obstacle = Self.failure(standing, "it is not a directory")
      return
    }
    guard faccessat(AT_FDCWD, standing, W_OK | X_OK | R_OK, AT_EACCESS) == 0 else {
      obstacle = Self.failure(standing, String(cString: strerror(errno)))
      return
    }
    guard exists else { return }
    instanceID = Self.instance(path)
    isHeld = Self.isLocked(path + "/lock")
    if !isHeld { content = Self.content(of: path + "/" + StoreDirectory.database) }
  }

  private static func failure(_ subject: String, _ reason: String) -> StoreFailure {
    StoreFailure(.unwritable, operation: "use the store's directory", subject: subject, reason: reason)
  }

  /// The path itself, or the nearest directory above it that is there.
  private static func nearestExisting(_ path: String) -> String {
    var path = path
    while access(path, F_OK) != 0, errno == ENOENT {
      while path.count > 1, path.last == "/" { path.removeLast() }
      guard let slash = path.lastIndex(of: "/") else { return "." }
      path = slash == path.startIndex ? "/" : String(path[..<slash])
    }
    return path
  }

  private static func freeBytes(_ path: String) -> UInt64? {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    return UInt64(status.f_bavail) * UInt64(status.f_frsize)
  }

  /// A lock that can be had is given back at once; a shared one, so that two who look do not see each other.
  private static func isLocked(_ file: String) -> Bool {
    let descriptor = open(file, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
  }

  private static func instance(_ path: String) -> String? {
    guard let file = fopen(path + "/instance", "re") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 128)
    let count = fread(&bytes, 1, bytes.count, file)
    let name = bytes[..<count].prefix { $0 != 0x0A }
    return StoreDirectory.isName(name) ? String(decoding: name, as: UTF8.self) : nil
  }

  private static func content(of file: String) -> Content? {
    var status = stat()
    if stat(file + "-wal", &status) == 0, status.st_size > 0 { return .unfinished }
    guard stat(file, &status) == 0, status.st_size > 0 else { return nil }
    do throws(StoreFailure) {
      let database = try Database(reading: file)
      let operation = "look at the store"
      guard try database.integer("PRAGMA application_id", for: operation) == Schema.applicationID,
        try database.integer("PRAGMA user_version", for: operation) == Schema.version
      else { return .unusable("it is not a store of version \(Schema.version)") }
      return .links(
        try database.integer("SELECT count(*) FROM links", for: operation),
        journaled: try database.integer("SELECT count(*) FROM journal", for: operation),
        binding: StoreBinding(fields: try database.binding()))
    } catch {
      return .unusable(error.reason)
    }
  }
}

extension StoreBinding {
  /// The binding of fields as they are kept; nil where it is not whole.
  fileprivate init?(fields: [String]) {
    guard fields.count == 4 else { return nil }
    self.init(clusterID: fields[0], requestsTopic: fields[1], stateTopic: fields[2], group: fields[3])
  }
}
