/// What an audit has counted.
struct AuditTotals: Hashable {
  /// Records of the requests topic.
  var requests = 0
  /// Of them those at or above the committed offset: no end is asked of them yet.
  var unsettled = 0
  /// Links with a state or an outcome.
  var links = 0
  /// Links that wait for their next attempt.
  var waiting = 0
  /// `token-ready` events.
  var tokens = 0
  /// `failed` events.
  var failures = 0
  /// `refused` events.
  var refusals = 0
  /// Dead letters.
  var deadLetters = 0
  /// Requests for a link that another had asked for.
  var duplicates = 0
  /// Requests that were moved home.
  var moved = 0
  /// Replay requests that were accepted, repeats included.
  var replays = 0
  /// Records without a value, or of a type that is passed over.
  var skipped = 0
  /// Requests, outcomes and states of which the other side is too old to be there.
  var beyondRetention = 0
  /// Refusals, dead letters and moves that are there again, where offsets were set back.
  var repeated = 0
  /// Outcomes and dead letters of other groups.
  var foreign = 0
}
