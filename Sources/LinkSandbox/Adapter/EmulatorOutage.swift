/// An outage of the whole adapter, as callers see it: nobody's call is looked at, and no token is made. The control API stays.
public enum EmulatorOutage: Hashable, Sendable {
  /// This status from 500 to 599, as a gateway in front of a dead service answers.
  case status(Int)
  /// No answer for ten minutes, then a closed connection.
  case hang
  /// The request is read, and the connection closed instead of an answer.
  case cut
  /// The connection is closed as soon as a request begins on it; its body is not read.
  case refuse

  /// What an outage is where nothing more is said: status 503.
  public static let usual = EmulatorOutage.status(503)

  /// The kind of a name: `hang`, `cut`, `refuse` or a status.
  public init?(name: String) {
    switch name {
    case "hang": self = .hang
    case "cut": self = .cut
    case "refuse": self = .refuse
    default:
      guard name.utf8.count == 3, name.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let status = Int(name),
        (500...599).contains(status)
      else { return nil }
      self = .status(status)
    }
  }

  /// Its name.
  public var name: String {
    switch self {
    case .status(let status): "\(status)"
    case .hang: "hang"
    case .cut: "cut"
    case .refuse: "refuse"
    }
  }
}
