public import LinkCore

/// The local store in SQLite: a view of this worker's partitions of the state topic, and the journal.
///
/// Kafka is the truth: the store may be deleted whenever the worker stands still, and costs at most the calls whose answers were
/// journaled only. It belongs to one thread at a time (`StoreThread` is that thread in a worker).
///
/// Journaled answers hold tokens. A dropped one is overwritten in the database; the write-ahead log may repeat it until it comes
/// round again (4 MiB, 64 MiB while views are restored), `scrub` clears it, or the store is closed.
public final class LinkStore: LinkStorage {
  /// The worker's name: the configured one, or a random one that is kept in the directory.
  public let instanceID: String

  let sha256: SHA256Function
  let now: @Sendable () -> Timestamp
  private let directory: StoreDirectory
  private let onEvent: @Sendable (StoreEvent) -> Void
  private var connection: Connection?
  private var damage: StoreFailure?

  /// Opens the store in `directory`, which is made (0700) where there is none and locked until the store is closed.
  ///
  /// A database that is damaged, or of another version, is set aside and begun anew; `onEvent` is told. Links that were taken or
  /// parked wake at their due times again. Throws a `StoreFailure` of kind `locked` where another worker holds the directory, and
  /// `unwritable`, `full` or `io` where it cannot be used.
  ///
  /// - Parameters:
  ///   - instanceID: The configured name of the worker; nil for the one in the directory, or a new random one.
  ///   - sha256: Computes SHA-256; two stores over one directory must compute the same.
  ///   - now: The wall clock, for `PartitionView.checkpointedAt`.
  public init(
    directory path: String, instanceID: String? = nil, sha256: @escaping SHA256Function,
    now: @escaping @Sendable () -> Timestamp = systemTime, onEvent: @escaping @Sendable (StoreEvent) -> Void
  ) throws(StoreFailure) {
    directory = try StoreDirectory(path: path)
    self.instanceID =
      if let instanceID { instanceID } else { try directory.instanceName { onEvent(.instanceNamed($0)) } }
    self.sha256 = sha256
    self.now = now
    self.onEvent = onEvent
    do throws(StoreFailure) {
      try open()
    } catch {
      guard error.kind == .damaged else { throw error }
      try setAside(.damaged, reason: error.reason)
      try open()
    }
  }

  deinit {
    // Whoever wants to know of a failure calls `close` first; SQLite repairs what this leaves undone at the next opening.
    try? close()
  }

  /// Does all of `work` in its order in one transaction, all or nothing; the answers stand in the same order.
  ///
  /// Journaled entries are on disk when it returns. The rest survives the process; only when the machine goes down it may be
  /// lost, as a whole and with its checkpoint: Kafka has it. After a failure whose `isPassing` is true the same work may be tried again.
  public func perform(_ work: [StoreWork]) throws(StoreFailure) -> [StoreAnswer] {
    guard !work.isEmpty else { return [] }
    return try transaction(work.purpose) { connection throws(StoreFailure) in
      var turn = StoreTurn(connection, sha256: sha256, now: now())
      for item in work { try turn.perform(item) }
      return turn.answers
    }
  }

  /// Binds the store to a cluster, its topics and a group. A store of another binding is set aside and begun anew, and its
  /// journal dropped. Says whether the store still has what it had.
  @discardableResult
  public func bind(_ binding: StoreBinding) throws(StoreFailure) -> Bool {
    let kept = try transaction(.reading) { connection throws(StoreFailure) in try connection.database.binding() }
    if kept == binding.fields { return true }
    if !kept.isEmpty {
      try setAside(.foreign, reason: "it belongs to \(kept.joined(separator: ", "))")
      try open()
    }
    try transaction(.journaling) { connection throws(StoreFailure) in try connection.database.bind(binding.fields) }
    return kept.isEmpty
  }

  /// Whether deleted tokens may stand in the write-ahead log: then `scrub` has something to do.
  public var needsScrub: Bool { connection?.hasResidue ?? false }

  /// Clears the write-ahead log of what was deleted. It costs a sync or two of the disk: do it when there is nothing else to do.
  public func scrub() throws(StoreFailure) {
    try use { connection throws(StoreFailure) in try connection.truncateLog() }
  }

  /// Gives up to 1 MiB of unused file back to the disk, where a quarter of the file (and more than 16 MiB) is unused.
  public func shrink() throws(StoreFailure) {
    try use { connection throws(StoreFailure) in
      let operation = "shrink the store"
      let free = try connection.database.integer("PRAGMA freelist_count", for: operation)
      guard free > 4096, try connection.database.integer("PRAGMA page_count", for: operation) < free * 4 else { return }
      try connection.database.execute("PRAGMA incremental_vacuum(256)", for: operation)
    }
  }

  /// Closes the store and leaves a single database file without any dropped token. The lock goes with the last reference to the store.
  public func close() throws(StoreFailure) {
    guard connection != nil else { return }
    defer { connection = nil }
    try scrub()
  }

  /// Bytes of the database and its write-ahead log on the disk.
  var fileSize: Int64 {
    directory.size(StoreDirectory.database) + directory.size(StoreDirectory.database + "-wal")
  }

  /// A transaction on the open connection. Damage closes the store for good: what it forgot would pass for what never was.
  func transaction<Result>(
    _ purpose: Connection.Purpose, _ body: (Connection) throws(StoreFailure) -> Result
  ) throws(StoreFailure) -> Result {
    try use { connection throws(StoreFailure) in
      try connection.transaction(purpose) { () throws(StoreFailure) in try body(connection) }
    }
  }

  private func use<Result>(_ body: (Connection) throws(StoreFailure) -> Result) throws(StoreFailure) -> Result {
    do throws(StoreFailure) {
      guard let connection else {
        throw damage
          ?? StoreFailure(.closed, operation: "use the store", subject: directory.path, reason: "it is closed")
      }
      return try body(connection)
    } catch {
      if error.kind == .damaged, damage == nil {
        damage = error
        try setAside(.damaged, reason: error.reason)
      }
      throw error
    }
  }

  private func open() throws(StoreFailure) {
    let file = StoreDirectory.database
    // SQLite removes its log at a clean end.
    let afterCrash = directory.has(file + "-wal")
    try directory.secure(file)
    connection = try Connection(path: directory.path + "/" + file, afterCrash: afterCrash) {
      onEvent(.checkUnfinished(limit: Connection.checkLimit))
    }
  }

  private func setAside(_ kind: StoreDirectory.Aside, reason: String) throws(StoreFailure) {
    connection = nil
    let name = try directory.setAside(kind)
    onEvent(.setAside(file: name, reason: reason))
  }
}
