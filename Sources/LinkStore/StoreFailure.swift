/// What the local store could not do, on what, and what to try. It never holds a token: SQLite's messages name tables and
/// columns, not values.
public struct StoreFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// What kind of failure it is: the caller acts by it.
  public var kind: Kind
  /// What was being done, as a verb phrase: "open the store".
  public var operation: String
  /// The file or directory.
  public var subject: String
  /// What went wrong, in the words of the system or of SQLite.
  public var reason: String

  /// The kinds of failure.
  public enum Kind: String, Hashable, Sendable {
    /// Another worker holds the directory.
    case locked
    /// The directory or a file in it cannot be made or written.
    case unwritable
    /// The disk is full.
    case full
    /// The system failed to read or write, or lacked memory, for now.
    case io
    /// The database is damaged. It is set aside; the process must start again, so that every lane restores its view.
    case damaged
    /// SQLite refused a statement: a defect of the worker.
    case defect
    /// The store is closed.
    case closed
  }

  /// A failure.
  public init(_ kind: Kind, operation: String, subject: String, reason: String) {
    self.kind = kind
    self.operation = operation
    self.subject = subject
    self.reason = reason
  }

  /// Whether the same work may succeed later without a restart: the disk may be given room, or be remounted.
  public var isPassing: Bool {
    switch kind {
    case .full, .io, .unwritable: true
    case .locked, .damaged, .defect, .closed: false
    }
  }

  /// The exit code for a process that ends because of it (sysexits.h): 73 the store cannot be written, 75 end and start again,
  /// 78 a configuration fault.
  public var exitCode: Int32 {
    switch kind {
    case .locked: 78
    case .unwritable, .full, .io: 73
    case .damaged, .defect, .closed: 75
    }
  }

  /// What to try while the worker runs.
  public var hint: String { isPassing ? remedy + "; the worker goes on by itself" : remedy }

  /// What to try before the worker is started, or started again.
  public var remedy: String {
    switch kind {
    case .locked: "give each worker its own store.directory, or stop the other one"
    case .unwritable: "make store.directory a directory that this user owns, on a disk that is mounted for writing"
    case .full: "make room on the disk of store.directory"
    case .io: "look at the disk of store.directory and the kernel's log"
    case .damaged: "start the worker again: it rebuilds the store from the state topic; if it recurs, replace the disk"
    case .defect: "start the worker again and report this message"
    case .closed: "start the worker again"
    }
  }

  /// One line: what failed, on what, why, and what to try.
  public var description: String { "Cannot \(operation) (\(subject)): \(reason). Try: \(hint)." }
}
