import LinkCore

/// The journal: answers that Kafka does not have yet. Its rows hold tokens.
struct JournalTable {
  private let database: Database
  private let put: Statement
  private let find: Statement
  private let remove: Statement
  private let expire: Statement
  private let all: Statement

  /// Prepares the statements on a database that has the tables.
  init(_ database: Database) throws(StoreFailure) {
    self.database = database
    put = try database.prepare(
      """
      INSERT INTO journal (digest, replay, user, key, fingerprint, partition, expires, seal, payload)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
      ON CONFLICT (digest, replay) DO UPDATE SET
        fingerprint = excluded.fingerprint, partition = excluded.partition, expires = excluded.expires,
        seal = excluded.seal, payload = excluded.payload
      WHERE user = excluded.user AND key = excluded.key
      """, for: "journal an answer")
    find = try database.prepare(
      """
      SELECT fingerprint, partition, expires, seal, payload FROM journal
      WHERE digest = ?1 AND replay = ?2 AND user = ?3 AND key = ?4
      """, for: "look a journaled answer up")
    remove = try database.prepare(
      "DELETE FROM journal WHERE digest = ?1 AND replay = ?2 AND user = ?3 AND key = ?4",
      for: "drop a journaled answer")
    expire = try database.prepare("DELETE FROM journal WHERE expires < ?1", for: "drop expired answers")
    all = try database.prepare("SELECT count(*) FROM journal", for: "count journaled answers")
  }

  /// Keeps an answer in place of an earlier one of the same key.
  func put(_ entry: JournalEntry, under key: StoredKey) throws(StoreFailure) {
    let (fingerprint, payload) = (entry.fingerprint.bytes, entry.payload.reveal())
    let (replay, partition) = (Int64(entry.key.replay), Int64(entry.partition))
    let expires = entry.expiresAt.milliseconds
    let seal = seal(key, replay, fingerprint, partition, expires, payload)
    let changes = try put.run(
      .bytes(key.digest), .integer(replay), .integer(key.user), .bytes(key.text), .bytes(fingerprint),
      .integer(partition), .integer(expires), .integer(seal), .bytes(payload))
    guard changes == 1 else {
      throw StoreFailure(
        .damaged, operation: "journal an answer", subject: database.path,
        reason: "the row of a digest has another link's key")
    }
  }

  /// The answer to this replay number of a link, expired or not.
  func find(_ link: LinkKey, replay: Int, under key: StoredKey) throws(StoreFailure) -> JournalEntry? {
    try find.first(
      .bytes(key.digest), .integer(Int64(replay)), .integer(key.user), .bytes(key.text)
    ) { row throws(StoreFailure) in
      let (print, partition, expires, payload) = (row.bytes(0), row.integer(1), row.integer(2), row.bytes(4))
      guard seal(key, Int64(replay), print, partition, expires, payload) == row.integer(3),
        let fingerprint = Digest(print)
      else {
        throw StoreFailure(
          .damaged, operation: "read a journaled answer", subject: database.path,
          reason: "the check sum of its row does not fit")
      }
      return JournalEntry(
        key: JournalKey(link: link, replay: replay), fingerprint: fingerprint,
        partition: Int32(truncatingIfNeeded: partition), expiresAt: Timestamp(milliseconds: expires),
        payload: Secret(payload))
    }
  }

  /// Drops an answer, and says whether there was one.
  func remove(replay: Int, under key: StoredKey) throws(StoreFailure) -> Bool {
    try remove.run(.bytes(key.digest), .integer(Int64(replay)), .integer(key.user), .bytes(key.text)) > 0
  }

  /// Drops the answers that are of no use after a moment before `before`, and says how many.
  func expire(before: Timestamp) throws(StoreFailure) -> Int {
    try expire.run(.integer(before.milliseconds))
  }

  /// How many there are. SQLite asks the pages, not the rows, and there are few.
  func count() throws(StoreFailure) -> Int64 { try all.first { row in row.integer(0) } ?? 0 }

  private func seal(
    _ key: StoredKey, _ replay: Int64, _ fingerprint: [UInt8], _ partition: Int64, _ expires: Int64, _ payload: [UInt8]
  ) -> Int64 {
    var seal = Seal()
    seal.add(key.user)
    seal.add(key.text)
    seal.add(replay)
    seal.add(fingerprint)
    seal.add(partition)
    seal.add(expires)
    seal.add(payload)
    return seal.value
  }
}
