import LinkCore

/// An open store: the connection, its tables' statements, and its transactions.
final class Connection {
  let links: LinkTable
  let journal: JournalTable
  let partitions: PartitionTable
  let scheduled: ScheduledCounter
  let database: Database
  /// Whether deleted tokens may stand in the WAL.
  var hasResidue: Bool
  private let beginRead: Statement
  private let beginWrite: Statement
  private let commit: Statement
  private let rollback: Statement
  private var isDurable = true
  private var logLimit = Schema.logLimit

  /// What a transaction is for.
  enum Purpose {
    /// Nothing is written.
    case reading
    /// What is written may be lost when the machine goes down, though never in part: Kafka has it.
    case viewing
    /// As `viewing`, and much is written, one batch after the other: the log may grow longer before it is moved into the database.
    case restoring
    /// What is written is on disk when the transaction ends.
    case journaling
  }

  /// How long the check after an unclean end may take, in milliseconds.
  static let checkLimit: Milliseconds = 2000

  /// Opens the database in an existing file, which is empty or a store.
  ///
  /// `afterCrash` asks for a check of the whole; `unfinished` is told where the time did not suffice for it. Taken and parked links
  /// wake at their due times.
  init(path: String, afterCrash: Bool, unfinished: () -> Void) throws(StoreFailure) {
    let operation = "open the store"
    database = try Database(path: path)
    try database.execute(Schema.setting, for: operation)
    if try database.integer("SELECT count(*) FROM sqlite_schema", for: operation) == 0 {
      try database.execute(Schema.tables, for: "make the tables of the store")
    }
    guard try database.integer("PRAGMA application_id", for: operation) == Schema.applicationID,
      try database.integer("PRAGMA user_version", for: operation) == Schema.version
    else {
      throw StoreFailure(
        .damaged, operation: operation, subject: path, reason: "it is not a store of version \(Schema.version)")
    }
    guard try Schema.made(in: database) == Schema.expected() else {
      throw StoreFailure(.damaged, operation: operation, subject: path, reason: "its tables are not as they were made")
    }
    if afterCrash { try Self.check(database, unfinished: unfinished) }

    links = try LinkTable(database)
    journal = try JournalTable(database)
    partitions = try PartitionTable(database)
    scheduled = try ScheduledCounter(database)
    beginRead = try database.prepare("BEGIN", for: "begin to read")
    beginWrite = try database.prepare("BEGIN IMMEDIATE", for: "begin to write")
    commit = try database.prepare("COMMIT", for: "commit")
    rollback = try database.prepare("ROLLBACK", for: "roll back")
    hasResidue = afterCrash
    try transaction(.viewing) { () throws(StoreFailure) in try partitions.reset(nil) }
  }

  /// Does `body` all or not at all.
  func transaction<Result>(
    _ purpose: Purpose, _ body: () throws(StoreFailure) -> Result
  ) throws(StoreFailure) -> Result {
    switch purpose {
    case .reading: try beginRead.run()
    case .viewing:
      try setDurable(false)
      try setLogLimit(Schema.logLimit)
      try beginWrite.run()
    case .restoring:
      try setDurable(false)
      try setLogLimit(Schema.restoreLogLimit)
      try beginWrite.run()
    case .journaling:
      try setDurable(true)
      try setLogLimit(Schema.logLimit)
      try beginWrite.run()
    }
    do throws(StoreFailure) {
      let result = try body()
      try commit.run()
      return result
    } catch {
      // SQLite may have rolled back by itself: then there is nothing left to do.
      if database.isInTransaction { try rollback.run() }
      throw error
    }
  }

  /// Moves the WAL into the database and cuts it to nothing.
  func truncateLog() throws(StoreFailure) {
    let operation = "clear the write-ahead log"
    guard try database.integer("PRAGMA wal_checkpoint(TRUNCATE)", for: operation) == 0 else {
      throw StoreFailure(.io, operation: operation, subject: database.path, reason: "the database is in use")
    }
    hasResidue = false
  }

  private func setDurable(_ durable: Bool) throws(StoreFailure) {
    guard durable != isDurable else { return }
    try database.execute("PRAGMA synchronous = \(durable ? "FULL" : "NORMAL")", for: "set the durability")
    isDurable = durable
  }

  private func setLogLimit(_ pages: Int) throws(StoreFailure) {
    guard pages != logLimit else { return }
    try database.execute("PRAGMA wal_autocheckpoint = \(pages)", for: "set how long the log may grow")
    logLimit = pages
  }

  private static func check(_ database: Database, unfinished: () -> Void) throws(StoreFailure) {
    let finding = try database.limited(to: checkLimit) { () throws(StoreFailure) in
      try database.prepare("PRAGMA quick_check(1)", for: "check the store").first { row in row.bytes(0) }
    }
    guard let finding else { return unfinished() }
    guard let finding, finding == Array("ok".utf8) else {
      throw StoreFailure(
        .damaged, operation: "check the store", subject: database.path,
        reason: String(decoding: finding ?? [], as: UTF8.self))
    }
  }
}
