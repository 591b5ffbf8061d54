/// A link in motion: from the look-up of its request until its decision is in the view. Links at rest are in the store only.
struct ActiveLink: Sendable {
  var lane: LaneID
  var stage: Stage
  /// The link as it stands, once the store has said whether there is one.
  var link: Link?
  /// The received request that its decision settles; nil where it came from the schedule.
  var settles: Int64?
  /// When its request began to wait for its turn, by the monotonic clock.
  var waitsSince: Milliseconds = 0
  /// Requests of the same link that arrived meanwhile and cannot be judged yet.
  var waiting: [Incoming] = []
  /// A call of an earlier assignment has been answered since the store was asked: it has to be asked again.
  var needsRecheck = false
  /// It came due while its look-up for another request was under way.
  var due: DueLink?

  enum Stage: Sendable {
    /// The store is asked.
    case lookingUp
    /// Behind its user's earlier ones, or for a slot.
    case queued
    /// The adapter is asked.
    case calling
    /// Its outcome is on the way to the disk.
    case journaling
    /// In a batch, or waiting for one, or committed and on the way into the view.
    case decided
  }
}

/// A request on its way to its link.
struct Incoming: Sendable {
  var lane: LaneID
  var record: SourceRecord
  var ask: Ask

  enum Ask: Sendable {
    case link(LinkRequest)
    case replay(ReplayRequest)
  }

  var key: LinkKey {
    switch ask {
    case .link(let request): request.key
    case .replay(let request): request.key
    }
  }

  var identity: RequestIdentity {
    switch ask {
    case .link(let request):
      RequestIdentity(
        id: request.id, source: request.source, userId: request.userId, idempotencyKey: request.idempotencyKey,
        context: request.context, trace: request.trace)
    case .replay(let request):
      RequestIdentity(
        id: request.id, source: request.source, userId: request.key.userId,
        idempotencyKey: request.key.idempotencyKey, trace: request.trace)
    }
  }
}
