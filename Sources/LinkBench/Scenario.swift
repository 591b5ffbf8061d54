/// One thing to measure.
struct Scenario: Hashable, CustomStringConvertible {
  var subject: Subject
  var kind: Kind
  /// Milliseconds that the adapter takes for its answer.
  var adapterLatency: Int
  /// Whether the requests lie where a client with another partitioner puts them.
  var isMoved = false

  /// What does the work.
  enum Subject: String {
    /// `linkworker run`.
    case worker
    /// The same calls without any promise.
    case floor
  }

  enum Kind: String {
    /// A backlog, as fast as it can be done.
    case throughput
    /// A steady load, and how long each link takes.
    case latency
  }

  /// The same scenario of the floor, with which this one is compared.
  var floor: Scenario { Scenario(subject: .floor, kind: kind, adapterLatency: adapterLatency) }

  var description: String {
    "\(kind.rawValue), \(subject.rawValue)\(isMoved ? " (moved)" : ""), adapter \(adapterLatency) ms"
  }
}
