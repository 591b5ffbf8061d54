/// The types of the events that the worker reads and writes.
public enum EventType: String, Sendable, CaseIterable {
  /// A client area asks for a link.
  case requested = "link-account.requested.v1"
  /// An operator asks that a failed link be tried again.
  case replayRequested = "link-account.replay-requested.v1"
  /// The token was made.
  case tokenReady = "link-account.token-ready.v1"
  /// There will be no token.
  case failed = "link-account.failed.v1"
  /// One request was not taken.
  case refused = "link-account.refused.v1"

  /// The served type that `text` names, or nil: without a `String`, for every request asks.
  init?(requestType text: Text?) {
    switch text {
    case Self.requestedText: self = .requested
    case Self.replayRequestedText: self = .replayRequested
    default: return nil
    }
  }

  private static let requestedText = Text(EventType.requested.rawValue)
  private static let replayRequestedText = Text(EventType.replayRequested.rawValue)
}
