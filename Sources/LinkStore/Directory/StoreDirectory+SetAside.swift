extension StoreDirectory {
  /// The database's file.
  static let database = "links.db"
  /// How many databases that were set aside are kept, of either kind.
  static let asideLimit = 3

  /// Why a database is set aside.
  enum Aside: String {
    /// SQLite or a check sum says that it is damaged, or another version made it.
    case damaged
    /// It belongs to another cluster, topic or group.
    case foreign
  }

  /// Renames the closed database to `links.db.damaged-N` (or `foreign-N`), and takes the journal out of it; where that fails,
  /// removes it, for no token may stay behind in a file that nobody looks after. Gives the new name, or nil.
  func setAside(_ kind: Aside) throws(StoreFailure) -> String? {
    let prefix = "\(Self.database).\(kind.rawValue)-"
    let kept = try names().compactMap { name -> Int? in
      name.hasPrefix(prefix) ? Int(name.dropFirst(prefix.count)) : nil
    }.sorted()
    for number in kept.dropLast(Self.asideLimit - 1) { try remove(prefix + "\(number)") }

    let name = prefix + "\((kept.last ?? 0) + 1)"
    if has(Self.database + "-wal") { try rename(Self.database + "-wal", to: name + "-wal") }
    try rename(Self.database, to: name)
    do throws(StoreFailure) {
      try stripJournal(of: name)
      return name
    } catch {
      for file in [name, name + "-wal", name + "-shm", name + "-journal"] { try remove(file) }
      return nil
    }
  }

  private func stripJournal(of name: String) throws(StoreFailure) {
    let operation = "take the journal out of a store that is set aside"
    let database = try Database(path: path + "/" + name)
    try database.execute(
      "PRAGMA locking_mode = EXCLUSIVE; PRAGMA secure_delete = ON; PRAGMA cell_size_check = ON; DELETE FROM journal;",
      for: operation)
    // Not WAL any longer: so that one file holds it all.
    try database.execute("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE;", for: operation)
  }
}
