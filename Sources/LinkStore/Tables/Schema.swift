import LinkCore

/// The tables of the store, and what SQLite is told about them.
enum Schema {
  /// "LNKW": by it a file is known to be ours.
  static let applicationID: Int64 = 0x4C4E_4B57
  /// Raised with every change of `tables`; a store of another version is set aside, for Kafka has all that it had.
  static let version: Int64 = 2

  /// From how many pages of 4 KiB on the WAL is moved into the database: 4 MiB.
  static let logLimit = 1024
  /// The same while a restore writes: 64 MiB, beside which a batch has room. Each batch changes most pages of the index of digests anew, and a move
  /// writes each page once, however often it stands in the log, and waits for the disk twice.
  static let restoreLogLimit = 16_384

  /// Before anything else. The order matters: the busy timeout before any other pragma, EXCLUSIVE before any that looks into the database (else
  /// a shared-memory file is made after all, which a full disk has no room for), auto_vacuum before WAL.
  ///
  /// - One connection and no other: SQLite before 3.51.3 can damage a WAL that two connections reset, and EXCLUSIVE spares
  ///   the shared-memory file and its locks.
  /// - `secure_delete` overwrites what is deleted: a journaled token must not outlive its row. Frames of the WAL may still hold it
  ///   until they are overwritten, or `LinkStore.scrub` truncates them.
  /// - The WAL is checkpointed from `logLimit` on, and cut to 8 MiB when a checkpoint starts it again.
  static let setting = """
    PRAGMA busy_timeout = 2000;
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA auto_vacuum = INCREMENTAL;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA secure_delete = ON;
    PRAGMA cell_size_check = ON;
    PRAGMA trusted_schema = OFF;
    PRAGMA temp_store = MEMORY;
    PRAGMA mmap_size = 0;
    PRAGMA cache_size = -16384;
    PRAGMA wal_autocheckpoint = \(logLimit);
    PRAGMA journal_size_limit = 8388608;
    """

  /// Every table and index, for an empty database.
  ///
  /// A link stands in exactly one of the indexes `links_wake` (it waits, or is parked), `links_held` (it is scheduled, but taken) and
  /// `links_ended`. `links_deadline` repeats those of `links_wake` that have a deadline of their own, by it, and `links_parked` the parked
  /// ones by user.
  static let tables = """
    BEGIN IMMEDIATE;
    CREATE TABLE links (
      id INTEGER PRIMARY KEY,
      digest BLOB NOT NULL UNIQUE,
      partition INTEGER NOT NULL,
      user INTEGER NOT NULL,
      key BLOB NOT NULL,
      source_offset INTEGER NOT NULL,
      due INTEGER,
      wake INTEGER,
      deadline INTEGER,
      parked INTEGER NOT NULL,
      ended INTEGER,
      seal INTEGER NOT NULL,
      record BLOB NOT NULL
    );
    CREATE INDEX links_wake ON links (partition, wake, source_offset) WHERE wake IS NOT NULL;
    CREATE INDEX links_deadline ON links (partition, parked, deadline, wake, source_offset)
      WHERE wake IS NOT NULL AND deadline IS NOT NULL;
    CREATE INDEX links_held ON links (partition) WHERE wake IS NULL AND due IS NOT NULL;
    CREATE INDEX links_parked ON links (partition, user, source_offset) WHERE parked = 1;
    CREATE INDEX links_ended ON links (partition, ended) WHERE ended IS NOT NULL;
    CREATE TABLE journal (
      id INTEGER PRIMARY KEY,
      digest BLOB NOT NULL,
      replay INTEGER NOT NULL,
      user INTEGER NOT NULL,
      key BLOB NOT NULL,
      fingerprint BLOB NOT NULL,
      partition INTEGER NOT NULL,
      expires INTEGER NOT NULL,
      seal INTEGER NOT NULL,
      payload BLOB NOT NULL,
      UNIQUE (digest, replay)
    );
    CREATE TABLE marks (
      partition INTEGER NOT NULL,
      source_offset INTEGER NOT NULL,
      digest BLOB NOT NULL,
      PRIMARY KEY (partition, source_offset)
    ) WITHOUT ROWID;
    CREATE TABLE views (
      partition INTEGER PRIMARY KEY,
      identity BLOB,
      identity_offset INTEGER,
      checkpoint INTEGER NOT NULL,
      checkpointed_at INTEGER NOT NULL
    );
    CREATE TABLE binding (
      id INTEGER PRIMARY KEY,
      text BLOB NOT NULL
    );
    PRAGMA application_id = \(applicationID);
    PRAGMA user_version = \(version);
    COMMIT;
    """

  /// The statements by which the database's tables and indexes were made: SQLite reads them anew at every opening, so a flipped bit in them
  /// makes other tables.
  static func made(in database: Database) throws(StoreFailure) -> [[UInt8]] {
    try database.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name", for: "read the schema")
      .all { row in row.bytes(0) }
  }

  /// What `made` gives for an intact database.
  static func expected() throws(StoreFailure) -> [[UInt8]] {
    let database = try Database(path: ":memory:")
    try database.execute(tables, for: "make the tables of the store")
    return try made(in: database)
  }
}
