import CSQLite

/// A prepared statement that is kept, and reset after every use so that no read stays open.
final class Statement {
  /// A value to bind.
  enum Value {
    case integer(Int64)
    case bytes([UInt8])
    case null

    init(_ number: Int64?) { self = number.map { .integer($0) } ?? .null }
  }

  private let handle: OpaquePointer
  private let database: Database
  private let operation: String

  /// Takes over `handle`; `operation` says in a failure what was being done.
  init(_ handle: OpaquePointer, of database: Database, operation: String) {
    self.handle = handle
    self.database = database
    self.operation = operation
  }

  deinit { sqlite3_finalize(handle) }

  /// Runs it to its end, and says how many rows it changed.
  @discardableResult
  func run(_ values: Value...) throws(StoreFailure) -> Int {
    try bound(values[...]) { () throws(StoreFailure) in
      while try step() {}
      return database.changes
    }
  }

  /// What `read` makes of the first row, or nil.
  func first<Result>(
    _ values: Value..., read: (Row) throws(StoreFailure) -> Result
  ) throws(StoreFailure) -> Result? {
    try bound(values[...]) { () throws(StoreFailure) in
      try step() ? read(Row(statement: handle)) : nil
    }
  }

  /// What `read` makes of every row.
  func all<Result>(
    _ values: Value..., read: (Row) throws(StoreFailure) -> Result
  ) throws(StoreFailure) -> [Result] {
    try bound(values[...]) { () throws(StoreFailure) in
      var results: [Result] = []
      while try step() { results.append(try read(Row(statement: handle))) }
      return results
    }
  }

  /// What `body` gives while the values are bound. SQLite reads bytes where they stand, without a copy: a restore binds a million rows, and a token
  /// is in memory once less.
  private func bound<Result>(
    _ values: ArraySlice<Value>, _ body: () throws(StoreFailure) -> Result
  ) throws(StoreFailure) -> Result {
    guard let value = values.first else {
      defer { reset() }
      return try body()
    }
    let index = Int32(values.startIndex) + 1
    switch value {
    case .integer(let number): try check(sqlite3_bind_int64(handle, index, number))
    case .null: try check(sqlite3_bind_null(handle, index))
    case .bytes(let bytes):
      return try bytes.withUnsafeBufferPointer { (bytes) throws(StoreFailure) in
        // A blob from a nil pointer would be NULL. Nil instead of a destructor is SQLITE_STATIC: the bytes stay until the statement is reset.
        try check(
          bytes.isEmpty
            ? sqlite3_bind_zeroblob(handle, index, 0)
            : sqlite3_bind_blob64(handle, index, bytes.baseAddress, UInt64(bytes.count), nil))
        return try bound(values.dropFirst(), body)
      }
    }
    return try bound(values.dropFirst(), body)
  }

  private func check(_ code: Int32) throws(StoreFailure) {
    guard code != SQLITE_OK else { return }
    let failure = database.failure(code, operation)
    reset()
    throw failure
  }

  private func step() throws(StoreFailure) -> Bool {
    switch sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    case let code: throw database.failure(code, operation)
    }
  }

  /// Also forgets the bound values, whose bytes go.
  private func reset() {
    sqlite3_reset(handle)
    sqlite3_clear_bindings(handle)
  }
}

/// The row on which a statement stands; it must not outlive the closure that it is handed to.
struct Row {
  fileprivate let statement: OpaquePointer

  /// The number in a column; 0 for NULL.
  func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }

  /// The number in a column, or nil for NULL.
  func optional(_ column: Int32) -> Int64? {
    sqlite3_column_type(statement, column) == SQLITE_NULL ? nil : integer(column)
  }

  /// The bytes in a column; none for NULL.
  func bytes(_ column: Int32) -> [UInt8] {
    // The pointer first: asking for the size before could convert the value behind it.
    guard let start = sqlite3_column_blob(statement, column) else { return [] }
    return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column))))
  }
}
