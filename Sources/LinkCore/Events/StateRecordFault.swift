/// Why a record of the state topic cannot be read. Nothing may be guessed then: a link that is not known would be granted twice.
public enum StateRecordFault: Error, Equatable, CustomStringConvertible {
  /// The key is none of the three forms.
  case unreadableKey
  /// The value is not JSON.
  case notJSON(Malformation)
  /// The value's `v` is another than 1, or none.
  case unknownVersion(Int64?)
  /// The value's `kind` is not served, or none.
  case unknownKind(String?)
  /// Key and value speak of different things.
  case otherKey
  /// A field is missing, or is not what version 1 has there: a JSON pointer.
  case invalidField(String)

  /// What is wrong, and what to try.
  public var description: String {
    switch self {
    case .unreadableKey:
      "The key of a state record is not link/…, mark/… or identity/…. Try: check that only workers write to the state topic."
    case .notJSON(let fault):
      "The value of a state record is not strict JSON: \(fault). Try: check that only workers write to the state topic."
    case .unknownVersion(let version):
      "A state record has the version \(version.map(String.init) ?? "(none)"), this release knows 1. Try: run the release that wrote it."
    case .unknownKind(let kind):
      "A state record is of the kind \(kind ?? "(none)"), which this release does not know. Try: run the release that wrote it."
    case .otherKey:
      "The key and the value of a state record name different things. Try: check that only workers write to the state topic."
    case .invalidField(let pointer):
      "A state record has no valid \(pointer). Try: run the release that wrote it, and check that only workers write to the state topic."
    }
  }
}
