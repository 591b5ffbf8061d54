import LinkCore

/// What has become of a link, in the word that options, tables and JSON have for it.
enum LinkStateName: String, Hashable, Sendable, CaseIterable {
  /// Waits for its next attempt.
  case scheduled
  /// Has its token.
  case succeeded
  /// Has none, and is not tried again by itself.
  case failed
}

extension Link {
  /// The word for its state.
  var stateName: LinkStateName {
    switch state {
    case .scheduled: .scheduled
    case .succeeded: .succeeded
    case .failed: .failed
    }
  }

  /// The code of a link that has failed.
  var failureCode: FailureCode? {
    if case .failed(_, let code) = state { code } else { nil }
  }

  /// When the last decision of it was taken: its end, or of one that waits its last attempt, its last replay's acceptance or, where nothing
  /// was tried yet, the moment Kafka had its request.
  var decidedAt: Timestamp {
    switch state {
    case .succeeded(let at), .failed(let at, _): at
    case .scheduled: max(attempts.last?.at ?? origin.timestamp, replays.last?.at ?? origin.timestamp, origin.timestamp)
    }
  }
}
