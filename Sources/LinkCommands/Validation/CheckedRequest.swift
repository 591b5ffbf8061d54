import LinkCore

/// A line that the worker would take: a link request or the replay of one.
struct CheckedRequest {
  /// The event's `id`.
  var id: Text
  /// The event's `source`.
  var source: Text
  /// The link that it asks for.
  var key: LinkKey
  /// After it the answer is of no use.
  var deadline: Timestamp?
  /// What a link request would grant; nil for a replay.
  var scope: LinkScope?

  init(_ request: LinkRequest) {
    (id, source, key) = (request.id, request.source, request.key)
    (deadline, scope) = (request.deadline, request.scope)
  }

  init(_ replay: ReplayRequest) {
    (id, source, key, deadline) = (replay.id, replay.source, replay.key, replay.deadline)
  }
}
