import LinkCore

/// A kind of error that an emulator can be told to give at a rate.
public enum EmulatorErrorClass: Hashable, Sendable {
  /// `5xx`: 500, 502, 503 or 504, each as often as the others.
  case serverError
  /// A number from 400 to 599: that status; 429 comes with a `Retry-After`, 403 is given by user (see `EmulatorRates`).
  case status(Int)
  /// `error`: status 200 with `s` = `error` and an `errmsg`.
  case rejected
  /// `redirect`: status 307 to another host.
  case redirect
  /// An answer that no adapter should give, by its name.
  case fault(EmulatorRule.Fault)

  /// The class of a name on the command line and in the control API, or nil.
  public init?(name: String) {
    if let fault = EmulatorRule.Fault(rawValue: name) {
      self = .fault(fault)
      return
    }
    switch name {
    case "5xx": self = .serverError
    case "error": self = .rejected
    case "redirect": self = .redirect
    default:
      guard name.utf8.count == 3, name.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let status = Int(name),
        (400...599).contains(status)
      else { return nil }
      self = .status(status)
    }
  }

  /// Its name on the command line and in the control API.
  public var name: String {
    switch self {
    case .serverError: "5xx"
    case .status(let status): "\(status)"
    case .rejected: "error"
    case .redirect: "redirect"
    case .fault(let fault): fault.rawValue
    }
  }

  /// The names there are, of the other statuses those that are usual.
  public static let usualNames =
    ["5xx", "429", "401", "403", "error", "redirect"] + EmulatorRule.Fault.allCases.map(\.rawValue)

  /// The names there are, for messages.
  public static let names = usualNames.joined(separator: ", ") + ", or a status from 400 to 599"

  /// One failure of the class.
  func failure(_ random: inout SeededRandom, _ retryAfter: EmulatorRetryAfter, now: Timestamp) -> EmulatorRule.Failure {
    switch self {
    case .serverError: .status([500, 502, 503, 504][Int(random.next() % 4)])
    case .status(429): .status(429, retryAfter: retryAfter.header(now: now))
    case .status(let status): .status(status)
    case .rejected: .rejected(errmsg: "The emulator rejects one in so many calls")
    // A name that can never exist (RFC 6761): whoever follows it finds nobody, and gives nobody the credential.
    case .redirect: .status(307, location: "http://another-host.invalid/generate/token")
    case .fault(let fault): .fault(fault)
    }
  }
}
