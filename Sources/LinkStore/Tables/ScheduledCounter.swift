/// How many scheduled links each partition has, counted as they come and go: an index of a million would take too long to walk.
///
/// Triggers of this connection alone keep the count in a table in memory, inside the transactions that change the links: the file does not
/// know of it, and what is rolled back was never counted.
struct ScheduledCounter {
  private let read: Statement

  /// Counts what there is, once, by its indexes, and watches from then on.
  init(_ database: Database) throws(StoreFailure) {
    try database.execute(Self.tables, for: "count the scheduled links")
    read = try database.prepare("SELECT partition, count FROM temp.scheduled", for: "read the count of scheduled links")
  }

  /// The count of each partition that has, or had, any.
  func counts() throws(StoreFailure) -> [Int32: Int64] {
    let rows = try read.all { row in (Int32(truncatingIfNeeded: row.integer(0)), row.integer(1)) }
    return Dictionary(rows) { _, last in last }
  }

  // Not INSERT OR IGNORE: within a trigger SQLite puts the conflict rule of the statement outside in its place.
  private static let tables = """
    CREATE TEMP TABLE scheduled (partition INTEGER PRIMARY KEY, count INTEGER NOT NULL);
    INSERT INTO temp.scheduled SELECT partition, count(*) FROM (
      SELECT partition FROM links INDEXED BY links_wake WHERE wake IS NOT NULL
      UNION ALL
      SELECT partition FROM links INDEXED BY links_held WHERE wake IS NULL AND due IS NOT NULL
    ) GROUP BY partition;
    CREATE TEMP TRIGGER scheduled_insert AFTER INSERT ON main.links WHEN new.due IS NOT NULL BEGIN
      INSERT INTO scheduled SELECT new.partition, 0
        WHERE NOT EXISTS (SELECT 1 FROM scheduled WHERE partition = new.partition);
      UPDATE scheduled SET count = count + 1 WHERE partition = new.partition;
    END;
    CREATE TEMP TRIGGER scheduled_update AFTER UPDATE OF due, partition ON main.links
    WHEN old.due IS NOT NULL OR new.due IS NOT NULL BEGIN
      UPDATE scheduled SET count = count - 1 WHERE partition = old.partition AND old.due IS NOT NULL;
      INSERT INTO scheduled SELECT new.partition, 0
        WHERE new.due IS NOT NULL AND NOT EXISTS (SELECT 1 FROM scheduled WHERE partition = new.partition);
      UPDATE scheduled SET count = count + 1 WHERE partition = new.partition AND new.due IS NOT NULL;
    END;
    CREATE TEMP TRIGGER scheduled_delete AFTER DELETE ON main.links WHEN old.due IS NOT NULL BEGIN
      UPDATE scheduled SET count = count - 1 WHERE partition = old.partition;
    END;
    """
}
