import LinkCore

/// The links of all partitions that this store has seen: a row for each, found by 16 bytes of its key's digest.
struct LinkTable {
  private let database: Database
  private let find: Statement
  private let insert: Statement
  private let replace: Statement
  private let remove: Statement
  private let due: Statement
  private let urgent: Statement
  private let overdue: Statement
  private let read: Statement
  private let take: Statement
  private let next: Statement
  private let park: Statement
  private let parked: Statement
  private let putOff: Statement
  private let wake: Statement
  private let ended: Statement

  /// Prepares the statements on a database that has the tables.
  init(_ database: Database) throws(StoreFailure) {
    self.database = database
    let columns = "id, digest, partition, user, key, source_offset, due, ended, seal, record"
    find = try database.prepare("SELECT \(columns) FROM links WHERE digest = ?1", for: "look a link up")
    // OR ROLLBACK: with the usual rule SQLite keeps a copy of every page that a statement with triggers changes, to take it alone
    // back; here a failure ends the transaction anyway.
    insert = try database.prepare(
      """
      INSERT OR ROLLBACK INTO links
        (digest, partition, user, key, source_offset, due, wake, parked, ended, seal, record, deadline)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, 0, ?7, ?8, ?9, ?10)
      ON CONFLICT (digest) DO NOTHING
      """, for: "keep a link")
    // The condition keeps a row whose key was damaged from being taken for the link's: then no row changes.
    replace = try database.prepare(
      """
      UPDATE OR ROLLBACK links SET
        partition = ?2, source_offset = ?5, due = ?6, wake = ?6, parked = 0, ended = ?7, seal = ?8, record = ?9,
        deadline = ?10
      WHERE digest = ?1 AND user = ?3 AND key = ?4
      """, for: "keep a link anew")
    remove = try database.prepare(
      "DELETE FROM links WHERE digest = ?1 AND user = ?2 AND key = ?3 AND partition = ?4", for: "drop a link")
    due = try database.prepare(
      """
      SELECT id FROM links INDEXED BY links_wake WHERE partition = ?1 AND wake <= ?2
      ORDER BY wake, source_offset LIMIT ?3
      """, for: "find due links")
    // The inner limit bounds the walk where many with near deadlines sleep. Both statements stay in their index.
    urgent = try database.prepare(
      """
      SELECT id FROM (
        SELECT id, wake FROM links INDEXED BY links_deadline
        WHERE partition = ?1 AND parked = 0 AND wake IS NOT NULL AND deadline IS NOT NULL
        ORDER BY deadline, wake, source_offset LIMIT \(Self.urgentLimit)
      ) WHERE wake <= ?2 LIMIT ?3
      """, for: "find due links by their deadlines")
    overdue = try database.prepare(
      """
      SELECT id FROM links INDEXED BY links_deadline
      WHERE partition = ?1 AND parked = 1 AND wake <= ?2 AND deadline <= ?2
      ORDER BY deadline, wake, source_offset LIMIT ?3
      """, for: "find parked links past their deadlines")
    read = try database.prepare("SELECT \(columns) FROM links WHERE id = ?1", for: "read a due link")
    take = try database.prepare("UPDATE links SET wake = NULL, parked = 0 WHERE id = ?1", for: "take a link")
    next = try database.prepare(
      """
      SELECT wake FROM links INDEXED BY links_wake WHERE partition = ?1 AND wake IS NOT NULL
      ORDER BY wake LIMIT 1
      """, for: "find the next due time")
    park = try database.prepare(
      """
      UPDATE links SET wake = ?5, parked = 1
      WHERE digest = ?1 AND user = ?2 AND key = ?3 AND partition = ?4 AND due IS NOT NULL
      """, for: "park a link")
    parked = try database.prepare(
      """
      SELECT \(columns) FROM links INDEXED BY links_parked WHERE partition = ?1 AND user = ?2 AND parked = 1
      ORDER BY source_offset LIMIT 1
      """, for: "take a parked link")
    putOff = try database.prepare(
      """
      UPDATE links SET wake = ?5, parked = 0
      WHERE digest = ?1 AND user = ?2 AND key = ?3 AND partition = ?4 AND due IS NOT NULL
      """, for: "put a link off")
    wake = try database.prepare(
      """
      UPDATE links SET wake = due, parked = 0
      WHERE digest = ?1 AND user = ?2 AND key = ?3 AND partition = ?4 AND due IS NOT NULL
      """, for: "wake a link")
    ended = try database.prepare(
      """
      SELECT user, key FROM links INDEXED BY links_ended WHERE partition = ?1 AND ended < ?2
      ORDER BY ended LIMIT ?3
      """, for: "list ended links")
  }

  /// The link of this key, whatever its partition.
  ///
  /// A row of its digest with another key is damage, never an unknown link: that one would be called for again.
  func find(_ key: StoredKey) throws(StoreFailure) -> Link? {
    try find.first(.bytes(key.digest)) { row throws(StoreFailure) in
      let stored = try link(in: row)
      guard stored.key.user == key.user, stored.key.text == key.text else { throw damage(Self.otherKey) }
      return stored.link
    }
  }

  /// Keeps a link as it now is; a scheduled one wakes at its due time.
  func put(_ link: Link, under key: StoredKey, partition: Int32) throws(StoreFailure) {
    guard let record = StateRecord.link(link).encoded().value else {
      throw defect("a link was encoded as a tombstone")
    }
    try put(LinkRow(link, record: record, under: key, partition: partition))
  }

  /// Keeps a row; a scheduled link wakes at its due time.
  func put(_ row: LinkRow) throws(StoreFailure) {
    guard try run(insert, row) == 0 else { return }
    guard try run(replace, row) == 1 else { throw damage(Self.otherKey) }
  }

  /// Drops a link of this partition, if it is there.
  func remove(_ key: StoredKey, partition: Int32) throws(StoreFailure) {
    try remove.run(.bytes(key.digest), .integer(key.user), .bytes(key.text), .integer(Int64(partition)))
  }

  /// How many links of the nearest deadlines are looked through for due ones.
  private static let urgentLimit = 4096

  /// Takes up to `limit` links that are due at `until`, of which `taken` were taken before, in the order of `DueOrder`.
  func takeDue(
    _ partition: Int32, until: Timestamp, limit: Int, after taken: Int
  ) throws(StoreFailure) -> [StoredLink] {
    // SQLite reads a negative limit as none.
    let limit = max(0, limit)
    func find(_ statement: Statement) throws(StoreFailure) -> [Int64] {
      try statement.all(.integer(Int64(partition)), .integer(until.milliseconds), .integer(Int64(limit))) { row in
        row.integer(0)
      }
    }
    let urgent = try find(overdue) + find(urgent)
    let picked = DueOrder.pick(urgent: urgent, waiting: try find(due), limit: limit, after: taken)
    var rows: [StoredLink] = []
    rows.reserveCapacity(picked.count)
    for id in picked {
      guard let row = try read.first(.integer(id), read: link(in:)) else {
        throw damage("an index names a link that is not there")
      }
      rows.append(row)
      try take.run(.integer(id))
    }
    return DueOrder.orderedByOffset(rows, link: \.link)
  }

  /// When the next link of the partition wakes that is not taken.
  func nextWake(_ partition: Int32) throws(StoreFailure) -> Timestamp? {
    try next.first(.integer(Int64(partition))) { row in Timestamp(milliseconds: row.integer(0)) }
  }

  /// Sets a scheduled link aside until its user is free, or until then.
  func park(_ key: StoredKey, partition: Int32, until: Timestamp) throws(StoreFailure) {
    try park.run(
      .bytes(key.digest), .integer(key.user), .bytes(key.text), .integer(Int64(partition)), .integer(until.milliseconds)
    )
  }

  /// Takes the parked link of this user with the lowest source offset.
  func takeParked(_ partition: Int32, user: Int64) throws(StoreFailure) -> StoredLink? {
    let row = try parked.first(.integer(Int64(partition)), .integer(user), read: link(in:))
    if let row { try take.run(.integer(row.id)) }
    return row
  }

  /// Lets a scheduled link wake at its due time again.
  func wake(_ key: StoredKey, partition: Int32) throws(StoreFailure) {
    try wake.run(.bytes(key.digest), .integer(key.user), .bytes(key.text), .integer(Int64(partition)))
  }

  /// Lets a scheduled link sleep until then.
  func putOff(_ key: StoredKey, partition: Int32, until: Timestamp) throws(StoreFailure) {
    try putOff.run(
      .bytes(key.digest), .integer(key.user), .bytes(key.text), .integer(Int64(partition)), .integer(until.milliseconds)
    )
  }

  /// Up to `limit` links that ended before `before`, oldest first.
  func ended(_ partition: Int32, before: Timestamp, limit: Int) throws(StoreFailure) -> [LinkKey] {
    let limit = Int64(max(0, limit))
    return try ended.all(.integer(Int64(partition)), .integer(before.milliseconds), .integer(limit)) {
      row throws(StoreFailure) in
      try key(user: row.integer(0), text: row.bytes(1))
    }
  }

  /// Binds a row to the statement of its columns, and says how many rows it changed.
  private func run(_ statement: Statement, _ row: LinkRow) throws(StoreFailure) -> Int {
    try statement.run(
      .bytes(row.key.digest), .integer(Int64(row.partition)), .integer(row.key.user), .bytes(row.key.text),
      .integer(row.offset), .init(row.due), .init(row.ended), .integer(row.seal), .bytes(row.record),
      .init(row.deadline))
  }

  private func link(in row: Row) throws(StoreFailure) -> StoredLink {
    let stored = LinkRow(
      key: StoredKey(user: row.integer(3), text: row.bytes(4), digest: row.bytes(1)),
      partition: Int32(truncatingIfNeeded: row.integer(2)), offset: row.integer(5), due: row.optional(6),
      ended: row.optional(7), record: row.bytes(9))
    guard stored.seal == row.integer(8) else { throw damage("the check sum of a link's row does not fit") }
    let name = StateKey.link(try key(user: stored.key.user, text: stored.key.text)).encoded()
    guard case .link(let link)? = try? StateRecord.decode(key: name, value: stored.record) else {
      throw damage("the record of a link cannot be read")
    }
    return StoredLink(id: row.integer(0), key: stored.key, link: link)
  }

  private func key(user: Int64, text: [UInt8]) throws(StoreFailure) -> LinkKey {
    guard let text = Text(utf8: text) else { throw damage("the key of a link is not UTF-8") }
    return LinkKey(userId: user, idempotencyKey: text)
  }

  /// No two links have one digest but by damage: it has 128 bits.
  private static let otherKey = "the row of a digest has another link's key"

  private func damage(_ reason: String) -> StoreFailure {
    StoreFailure(.damaged, operation: "read a link", subject: database.path, reason: reason)
  }

  private func defect(_ reason: String) -> StoreFailure {
    StoreFailure(.defect, operation: "keep a link", subject: database.path, reason: reason)
  }
}

/// A link with its row.
struct StoredLink {
  var id: Int64
  var key: StoredKey
  var link: Link
}
