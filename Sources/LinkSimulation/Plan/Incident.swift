import LinkCore

/// Something that befalls a worker, or all, once.
struct Incident: Sendable {
  var trigger: Trigger
  /// The worker; the one that reaches the point where the trigger is a point.
  var worker: Int
  var kind: Kind

  enum Trigger: Sendable {
    case time(Milliseconds)
    /// The n-th time that any worker reaches this point after a moment.
    case point(Point, nth: Int)
  }

  enum Kind: Sendable {
    /// Killed, and started again after a time.
    case kill(Fate, down: Milliseconds)
    case pause(Milliseconds)
    /// The same, and another process takes its place on an empty disk.
    case replace(Milliseconds)
    case cutOff(Milliseconds)
    /// Stopped in good order, and started again.
    case stop(down: Milliseconds)
    /// A copy of the disk is made, for `Fate.old`.
    case copyDisk
    case jumpClock(Milliseconds)
    case compact
    /// The requests topic is made anew; `all`: all topics are.
    case anew(all: Bool)
    case adapterDown(Milliseconds)
    case credentialRefused(Milliseconds)
  }

  /// What is left of a killed worker's disk.
  enum Fate: String, Sendable { case kept, lost, powerless, old }

  /// Places in the protocol where a fault hurts most.
  enum Point: String, Sendable, CaseIterable {
    case received, called, answered, journaled
    case built, begun, added, produced, fenced, ended, committed, applied
    case restoring, offsetsRead, endRead, restored
    case revoking, purging
  }

  var fault: FaultKind {
    switch kind {
    case .kill(.kept, _): .crash
    case .kill(.lost, _): .wipe
    case .kill(.powerless, _): .powerCut
    case .kill(.old, _), .copyDisk: .oldStore
    case .pause: .pause
    case .replace: .replaced
    case .cutOff: .cutOff
    case .stop: .rebalance
    case .jumpClock: .clock
    case .compact: .compaction
    case .anew: .topicAnew
    case .adapterDown: .adapter
    case .credentialRefused: .credential
    }
  }
}

extension Incident: CustomStringConvertible {
  var description: String {
    let place =
      switch trigger {
      case .time(let time): "at \(time) ms"
      case .point(let point, let nth): "when a worker reaches '\(point.rawValue)' for the \(nth). time"
      }
    return "\(what) \(place)"
  }

  private var what: String {
    switch kind {
    case .kill(let fate, let down): "worker \(worker) is killed, its disk \(fate.rawValue), for \(down) ms"
    case .pause(let length): "worker \(worker) stands still for \(length) ms"
    case .replace(let length): "worker \(worker) stands still for \(length) ms, and is replaced"
    case .cutOff(let length): "worker \(worker) is cut off from Kafka for \(length) ms"
    case .stop(let down): "worker \(worker) is stopped for \(down) ms"
    case .copyDisk: "a copy of worker \(worker)'s disk is made"
    case .jumpClock(let jump): "worker \(worker)'s clock jumps by \(jump) ms"
    case .compact: "the state topic is compacted"
    case .anew(let all): all ? "all topics are made anew" : "the requests topic is made anew"
    case .adapterDown(let length): "the adapter is down for \(length) ms"
    case .credentialRefused(let length): "the adapter refuses the credential for \(length) ms"
    }
  }
}
