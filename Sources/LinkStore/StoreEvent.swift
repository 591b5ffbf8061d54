public import LinkCore

/// What happened to the store that an operator should know, and that is not a failure.
public enum StoreEvent: Hashable, Sendable, CustomStringConvertible {
  /// The database was put aside as `file`, without its journaled answers, or removed (nil) where they could not be taken out of
  /// it. The store begins anew and is rebuilt from the state topic.
  case setAside(file: String?, reason: String)
  /// After an unclean end the database was checked, but not to its end within the time for it.
  case checkUnfinished(limit: Milliseconds)
  /// The worker has no configured name and has made itself one.
  case instanceNamed(String)

  /// The event in a sentence.
  public var description: String {
    switch self {
    case .setAside(let file?, let reason): "The local store was set aside as \(file) and begun anew: \(reason)."
    case .setAside(nil, let reason): "The local store was removed and begun anew: \(reason)."
    case .checkUnfinished(let limit):
      "The last end of the worker was not clean, and the check of the local store was not finished within \(limit) ms."
    case .instanceNamed(let name): "This worker has named itself \(name)."
    }
  }
}
