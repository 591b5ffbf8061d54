import LinkCore
import LinkOps
import Synchronization

/// Counts what became of records, so that also what leaves no event is accounted for when a worker stops.
final class Tally: Sendable {
  private let counts = Mutex<[String: Int64]>([:])

  /// Counts one note where it is of a record.
  func count(_ note: Note) {
    switch note {
    case .recordSkipped: add("skipped")
    case .decided(let decided): add(decided.kind.rawValue)
    case .called: add("calls")
    case .laneOpened, .laneBlocked, .committed, .commitFailed, .decisionRefused, .credentialRefused,
      .credentialAccepted, .breakerOpened, .breakerClosed:
      break
    }
  }

  /// The counts by name, for a log line.
  var fields: LogFields {
    counts.withLock { counts in
      var fields: LogFields = [:]
      for (name, count) in counts.sorted(by: { $0.key < $1.key }) { fields.append(name, .integer(count)) }
      return fields
    }
  }

  private func add(_ name: String) { counts.withLock { $0[name, default: 0] += 1 } }
}
