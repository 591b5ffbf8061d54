import LinkCore

/// What the store knows of each partition as a whole: its view of the state topic, its marks, and how many links it has.
struct PartitionTable {
  private let database: Database
  private let view: Statement
  private let identify: Statement
  private let restore: Statement
  private let advance: Statement
  private let forget: Statement
  private let mark: Statement
  private let unmark: Statement
  private let marks: Statement
  private let count: Statement
  private let exists: Statement
  private let waiting: Statement
  private let reset: Statement
  private let resetAll: Statement
  private let unpark: Statement
  private let unparkAll: Statement
  private let purges: [Statement]

  /// Prepares the statements on a database that has the tables.
  init(_ database: Database) throws(StoreFailure) {
    self.database = database
    view = try database.prepare(
      "SELECT identity, identity_offset, checkpoint, checkpointed_at FROM views WHERE partition = ?1",
      for: "read a view")
    identify = try database.prepare(
      """
      UPDATE views SET
        identity_offset = CASE WHEN identity = ?2 AND ?3 IS NULL THEN identity_offset ELSE ?3 END, identity = ?2
      WHERE partition = ?1
      """, for: "keep an identity")
    restore = try database.prepare(
      """
      INSERT INTO views (partition, checkpoint, checkpointed_at) VALUES (?1, ?2, ?3)
      ON CONFLICT (partition) DO UPDATE SET checkpoint = excluded.checkpoint, checkpointed_at = excluded.checkpointed_at
      """, for: "keep a checkpoint")
    // Only where a restore has begun a view: rows of a partition without one are not all there are.
    advance = try database.prepare(
      "UPDATE views SET checkpoint = max(checkpoint, ?2), checkpointed_at = ?3 WHERE partition = ?1",
      for: "move a checkpoint")
    forget = try database.prepare("DELETE FROM views WHERE partition = ?1", for: "forget a view")
    mark = try database.prepare(
      """
      INSERT INTO marks (partition, source_offset, digest) VALUES (?1, ?2, ?3)
      ON CONFLICT (partition, source_offset) DO UPDATE SET digest = excluded.digest
      """, for: "keep a mark")
    unmark = try database.prepare(
      "DELETE FROM marks WHERE partition = ?1 AND source_offset = ?2", for: "drop a mark")
    marks = try database.prepare(
      "SELECT source_offset, digest FROM marks WHERE partition = ?1 ORDER BY source_offset", for: "read the marks")

    let waiting = "FROM links INDEXED BY links_wake WHERE partition = ?1 AND wake IS NOT NULL"
    let held = "FROM links INDEXED BY links_held WHERE partition = ?1 AND wake IS NULL AND due IS NOT NULL"
    let ended = "FROM links INDEXED BY links_ended WHERE partition = ?1 AND ended IS NOT NULL"
    count = try database.prepare(
      "SELECT (SELECT count(*) \(waiting)) + (SELECT count(*) \(held)) + (SELECT count(*) \(ended))",
      for: "count links")
    exists = try database.prepare(
      "SELECT EXISTS (SELECT 1 \(waiting)) OR EXISTS (SELECT 1 \(held)) OR EXISTS (SELECT 1 \(ended))",
      for: "look for links")
    self.waiting = try database.prepare(
      """
      SELECT (SELECT count(*) FROM links INDEXED BY links_wake WHERE wake IS NOT NULL)
        + (SELECT count(*) FROM links INDEXED BY links_held WHERE wake IS NULL AND due IS NOT NULL)
      """, for: "count scheduled links")
    reset = try database.prepare(
      """
      UPDATE links INDEXED BY links_held SET wake = due
      WHERE partition = ?1 AND wake IS NULL AND due IS NOT NULL
      """, for: "wake the taken links of a partition")
    resetAll = try database.prepare(
      """
      UPDATE links INDEXED BY links_held SET wake = due WHERE wake IS NULL AND due IS NOT NULL
      """, for: "wake the taken links")
    unpark = try database.prepare(
      "UPDATE links INDEXED BY links_parked SET wake = due, parked = 0 WHERE partition = ?1 AND parked = 1",
      for: "wake the parked links of a partition")
    unparkAll = try database.prepare(
      "UPDATE links INDEXED BY links_parked SET wake = due, parked = 0 WHERE parked = 1", for: "wake the parked links")
    var purges: [Statement] = []
    for rows in [waiting, held, ended] {
      purges.append(
        try database.prepare(
          "DELETE FROM links WHERE id IN (SELECT id \(rows) LIMIT ?2)", for: "drop the links of a partition"))
    }
    purges.append(
      try database.prepare(
        """
        DELETE FROM marks WHERE partition = ?1 AND source_offset IN
          (SELECT source_offset FROM marks WHERE partition = ?1 LIMIT ?2)
        """, for: "drop the marks of a partition"))
    self.purges = purges
  }

  /// The view of a partition, or nil where a restore must begin it.
  func view(_ partition: Int32) throws(StoreFailure) -> PartitionView? {
    try view.first(.integer(Int64(partition))) { row in
      PartitionView(
        identity: Identity(bytes: row.bytes(0)), identityOffset: row.optional(1), checkpoint: row.integer(2),
        checkpointedAt: Timestamp(milliseconds: row.integer(3)))
    }
  }

  /// Keeps the identity of a partition that has a view. An identity that is only repeated keeps its offset.
  func identify(_ partition: Int32, as identity: Identity, offset: Int64?) throws(StoreFailure) {
    try identify.run(.integer(Int64(partition)), .bytes(identity.bytes), .init(offset))
  }

  /// Sets the checkpoint of a view, and begins the view where there is none.
  func restore(_ partition: Int32, to checkpoint: Int64, at now: Timestamp) throws(StoreFailure) {
    try restore.run(.integer(Int64(partition)), .integer(checkpoint), .integer(now.milliseconds))
  }

  /// Moves the checkpoint of a view forward.
  func advance(_ partition: Int32, to checkpoint: Int64, at now: Timestamp) throws(StoreFailure) {
    try advance.run(.integer(Int64(partition)), .integer(checkpoint), .integer(now.milliseconds))
  }

  /// Drops the view's checkpoint and identity: what is left of its rows counts for nothing.
  func forget(_ partition: Int32) throws(StoreFailure) {
    try forget.run(.integer(Int64(partition)))
  }

  /// Drops up to `limit` links and marks of a partition, and says how many.
  func purge(_ partition: Int32, limit: Int) throws(StoreFailure) -> Int {
    var left = limit
    for statement in purges where left > 0 {
      left -= try statement.run(.integer(Int64(partition)), .integer(Int64(left)))
    }
    return limit - left
  }

  /// Keeps a mark.
  func mark(_ mark: Mark, partition: Int32) throws(StoreFailure) {
    try self.mark.run(.integer(Int64(partition)), .integer(mark.offset), .bytes(mark.digest.bytes))
  }

  /// Drops a mark.
  func unmark(_ partition: Int32, offset: Int64) throws(StoreFailure) {
    try unmark.run(.integer(Int64(partition)), .integer(offset))
  }

  /// The marks of a partition by their offsets.
  func marks(_ partition: Int32) throws(StoreFailure) -> [Mark] {
    try marks.all(.integer(Int64(partition))) { row throws(StoreFailure) in
      guard let digest = Digest(row.bytes(1)) else {
        throw StoreFailure(
          .damaged, operation: "read the marks", subject: database.path, reason: "a mark's digest has not 32 bytes")
      }
      return Mark(partition: partition, offset: row.integer(0), digest: digest)
    }
  }

  /// How many links of the partition there are.
  func count(_ partition: Int32) throws(StoreFailure) -> Int {
    try count.first(.integer(Int64(partition))) { row in Int(row.integer(0)) } ?? 0
  }

  /// Whether there is any link of the partition.
  func exists(_ partition: Int32) throws(StoreFailure) -> Bool {
    try exists.first(.integer(Int64(partition))) { row in row.integer(0) != 0 } ?? false
  }

  /// How many links of all partitions are scheduled.
  func scheduled() throws(StoreFailure) -> Int {
    try waiting.first { row in Int(row.integer(0)) } ?? 0
  }

  /// Lets the taken and the parked links wake at their due times: those of one partition, or all.
  func reset(_ partition: Int32?) throws(StoreFailure) {
    guard let partition else {
      try resetAll.run()
      try unparkAll.run()
      return
    }
    try reset.run(.integer(Int64(partition)))
    try unpark.run(.integer(Int64(partition)))
  }
}

extension Identity {
  fileprivate init?(bytes: [UInt8]) {
    guard bytes.count == 16 else { return nil }
    let halves = [bytes.prefix(8), bytes.suffix(8)].map { half in half.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
    self.init(high: halves[0], low: halves[1])
  }

  fileprivate var bytes: [UInt8] {
    [high, low].flatMap { half in stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: half >> $0) } }
  }
}
