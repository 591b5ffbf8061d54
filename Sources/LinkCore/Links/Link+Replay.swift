extension Link {
  /// How many replays a link has at most, forced ones included. Each is remembered for as long as the link is, so that none is done twice: the
  /// state record must hold them all.
  public static let replayLimit = 32

  /// Why a link is not replayed.
  public enum ReplayObstacle: Hashable, Sendable, CaseIterable {
    /// It has its token.
    case succeeded
    /// It is to be tried in any case.
    case waiting
    /// `replay.limit` is reached, and nobody forces it.
    case overLimit
    /// `Link.replayLimit` is reached, which nobody can force.
    case full
  }

  /// What keeps a replay from being accepted; nil: nothing does.
  ///
  /// - Parameters:
  ///   - limit: Accepted replays of a link, `replay.limit`.
  ///   - isForced: Whether `limit` is to be passed over.
  public func obstacle(toReplayWithin limit: Int, isForced: Bool) -> ReplayObstacle? {
    switch state {
    case .succeeded: return .succeeded
    case .scheduled: return .waiting
    case .failed: break
    }
    guard replays.count < Self.replayLimit else { return .full }
    return replays.count < limit || isForced ? nil : .overLimit
  }

  /// The link as the acceptance of a replay leaves it: to be tried at once, with a new deadline, and with its counts at their beginning.
  func replayed(by request: ReplayRequest, at moment: Timestamp) -> Link {
    var link = self
    link.state = .scheduled(due: moment)
    link.request?.deadline = request.deadline
    link.attemptCount = 0
    link.ambiguousCount = 0
    link.replay += 1
    link.replays.append(.init(id: request.id, at: moment, reason: request.reason, operator: request.operator))
    return link
  }
}

extension Link.ReplayObstacle {
  /// A sentence for the operator.
  ///
  /// - Parameters:
  ///   - count: How many replays the link had.
  ///   - limit: `replay.limit`.
  public func sentence(count: Int, limit: Int) -> String {
    switch self {
    case .succeeded: "The link has succeeded already: only a failed one can be replayed."
    case .waiting: "The link is waiting for its next attempt: only a failed one can be replayed."
    case .overLimit:
      "The link had \(count) \(count == 1 ? "replay" : "replays"), and replay.limit is \(limit): only a forced one is accepted."
    case .full: "The link had \(count) replays, as many as can be remembered: not even a forced one is accepted."
    }
  }
}
