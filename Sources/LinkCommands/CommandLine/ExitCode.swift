/// How the process ends: the codes of sysexits.h as far as they are used, so that a supervisor can tell what to do.
public enum ExitCode: Int32, Sendable, CaseIterable {
  /// Done.
  case ok = 0
  /// A check found something, or what was asked for is not there.
  case found = 1
  /// The command line is wrong (EX_USAGE).
  case usage = 64
  /// A file given to a command has bad data (EX_DATAERR).
  case dataError = 65
  /// A file that is named does not exist (EX_NOINPUT).
  case noInput = 66
  /// Kafka, or another service, cannot be reached (EX_UNAVAILABLE).
  case unavailable = 69
  /// A fault of the worker itself (EX_SOFTWARE).
  case software = 70
  /// A file, the store or standard output cannot be written, or a port is in use (EX_CANTCREAT).
  case cantCreate = 73
  /// End and start again: the same may go well next time (EX_TEMPFAIL).
  case tempFail = 75
  /// Permission refused (EX_NOPERM).
  case noPermission = 77
  /// Every other configuration, topics included (EX_CONFIG).
  case config = 78
  /// A signal ended the work before all was done (128 + SIGINT, as shells have it).
  case interrupted = 130

  /// What the code says, for the help.
  public var meaning: String {
    switch self {
    case .ok: "done"
    case .found: "a check found something, or what was asked for is not there"
    case .usage: "the command line is wrong"
    case .dataError: "a file given to the command has bad data"
    case .noInput: "a file that is named does not exist"
    case .unavailable: "Kafka, or another service, cannot be reached"
    case .software: "a fault of the worker itself"
    case .cantCreate: "a file, the store, a port or the output cannot be created or written"
    case .tempFail: "end and start again"
    case .noPermission: "permission refused"
    case .config: "the settings or the topics are wrong"
    case .interrupted: "a signal came before all was done"
    }
  }
}
