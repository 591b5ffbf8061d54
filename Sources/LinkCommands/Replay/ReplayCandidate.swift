import LinkCore

/// A link that may be replayed: what a plan has to know of it.
struct ReplayCandidate {
  /// The link.
  var key: LinkKey
  /// When it came to its present state.
  var at: Timestamp
  /// Of one that has failed.
  var code: FailureCode?
  /// The brokers it asks for.
  var brokers: [Text]
  /// Why the worker would refuse the replay; nil: it would not.
  var obstacle: Obstacle?
  /// Whether the job's event for it was accepted already.
  var isAccepted: Bool

  /// Why the worker would refuse a replay.
  enum Obstacle: String, Hashable, CaseIterable {
    /// There is no such link.
    case unknown
    /// It has its token.
    case succeeded
    /// It is to be tried in any case.
    case waiting = "scheduled"
    /// `replay.limit` is reached.
    case overLimit = "over-limit"
    /// It has as many replays as a link can have.
    case full

    init(_ obstacle: Link.ReplayObstacle) {
      switch obstacle {
      case .succeeded: self = .succeeded
      case .waiting: self = .waiting
      case .overLimit: self = .overLimit
      case .full: self = .full
      }
    }
  }

  /// A link of the state topic.
  ///
  /// - Parameters:
  ///   - limit: `replay.limit`.
  ///   - isForced: Whether it is to be passed over.
  init(_ link: Link, in job: ReplayJob, limit: Int, isForced: Bool) {
    key = link.key
    at = link.decidedAt
    code = link.failureCode
    brokers = link.request?.scope.brokerNames ?? []
    obstacle = link.obstacle(toReplayWithin: limit, isForced: isForced).map { Obstacle($0) }
    let id = link.replays.isEmpty ? nil : job.id(for: link.key)
    isAccepted = link.replays.contains { $0.id == id }
  }

  /// A link that the state topic does not know.
  init(unknown key: LinkKey) {
    self.key = key
    at = Timestamp(milliseconds: 0)
    brokers = []
    obstacle = .unknown
    isAccepted = false
  }
}
