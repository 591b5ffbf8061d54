import CSQLite
import LinkCore

/// One connection to one SQLite file, for one thread at a time.
///
/// Without SQLite's own mutexes: whoever owns the store serialises. The statements made on it keep it open until they are gone.
final class Database {
  let path: String
  private let handle: OpaquePointer

  /// Opens a file that exists.
  convenience init(path: String) throws(StoreFailure) {
    try self.init(path, opened: path, flags: SQLITE_OPEN_READWRITE)
  }

  /// Opens a file that exists and that nobody has open, to look at it: nothing beside it is made, and its write-ahead log is not read.
  convenience init(reading path: String) throws(StoreFailure) {
    let escaped = path.utf8.map { byte in
      let isPlain = byte > 0x20 && byte < 0x7F && !"%?#".utf8.contains(byte)
      return isPlain ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
    try self.init(path, opened: "file:\(escaped)?immutable=1", flags: SQLITE_OPEN_READONLY | SQLITE_OPEN_URI)
  }

  private init(_ path: String, opened name: String, flags: Int32) throws(StoreFailure) {
    var handle: OpaquePointer?
    let code = sqlite3_open_v2(name, &handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
    guard code == SQLITE_OK, let handle else {
      let failure = StoreFailure(code: code, message: handle.map(Self.message), operation: "open the store", path: path)
      sqlite3_close_v2(handle)
      throw failure
    }
    self.path = path
    self.handle = handle
  }

  deinit { sqlite3_close_v2(handle) }

  /// Runs statements that answer nothing, or whose answer does not matter.
  func execute(_ sql: String, for operation: String) throws(StoreFailure) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw failure(code, operation) }
  }

  /// The first column of the first row that `sql` gives, as a number; 0 where there is none.
  func integer(_ sql: String, for operation: String) throws(StoreFailure) -> Int64 {
    try prepare(sql, for: operation).first { row in row.integer(0) } ?? 0
  }

  /// A statement to be kept.
  func prepare(_ sql: String, for operation: String) throws(StoreFailure) -> Statement {
    var statement: OpaquePointer?
    let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
    guard code == SQLITE_OK, let statement else { throw failure(code, operation) }
    return Statement(statement, of: self, operation: operation)
  }

  /// How many rows the last statement inserted, changed or deleted.
  var changes: Int { Int(sqlite3_changes(handle)) }

  /// Whether a transaction is open.
  var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

  /// What `body` gives, or nil where its statements were interrupted, for `limit` milliseconds had passed.
  func limited<Result>(
    to limit: Milliseconds, _ body: () throws(StoreFailure) -> Result
  ) throws(StoreFailure) -> Result? {
    let end = Uptime.now + limit
    let watch = Watch(end)
    // Every 10 000 instructions of SQLite's machine: some tenths of a millisecond.
    sqlite3_progress_handler(
      handle, 10_000,
      { context in
        guard let context else { return 0 }
        return Uptime.now > Unmanaged<Watch>.fromOpaque(context).takeUnretainedValue().end ? 1 : 0
      }, Unmanaged.passUnretained(watch).toOpaque())
    defer {
      sqlite3_progress_handler(handle, 0, nil, nil)
      withExtendedLifetime(watch) {}
    }
    do throws(StoreFailure) {
      return try body()
    } catch {
      if error.kind == .io, Uptime.now > end { return nil }
      throw error
    }
  }

  /// The failure that SQLite's `code` means.
  func failure(_ code: Int32, _ operation: String) -> StoreFailure {
    StoreFailure(code: code, message: Self.message(handle), operation: operation, path: path)
  }

  private static func message(_ handle: OpaquePointer) -> String {
    sqlite3_errmsg(handle).map { String(cString: $0) } ?? "no message"
  }

  private final class Watch {
    let end: Milliseconds
    init(_ end: Milliseconds) { self.end = end }
  }
}

extension StoreFailure {
  /// The failure that an extended result code of SQLite means.
  init(code: Int32, message: String?, operation: String, path: String) {
    let kind: Kind =
      switch code & 0xFF {
      case SQLITE_CORRUPT, SQLITE_NOTADB: .damaged
      case SQLITE_FULL: .full
      case SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH: .unwritable
      // SQLITE_IOERR_CORRUPTFS, a macro that Swift does not import: the file system says that it is damaged.
      case SQLITE_IOERR where code == SQLITE_IOERR | 33 << 8: .damaged
      case SQLITE_IOERR, SQLITE_BUSY, SQLITE_LOCKED, SQLITE_NOMEM, SQLITE_PROTOCOL, SQLITE_INTERRUPT: .io
      default: .defect
      }
    let words = message ?? sqlite3_errstr(code).map { String(cString: $0) } ?? "no message"
    self.init(kind, operation: operation, subject: path, reason: "\(words) (SQLite \(code))")
  }
}
