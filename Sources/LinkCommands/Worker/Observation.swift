import LinkCore

/// What somebody who watches a worker from inside its process is told.
enum Observation: Sendable {
  /// A record of the requests topic was taken.
  case received(SourceRecord)
  /// The adapter is being called for a link.
  case calling(LinkKey)
  /// What operators are told.
  case noted(Note)
}
