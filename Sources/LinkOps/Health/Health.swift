package import LinkCore
import Synchronization

/// What is known of the worker's health: its threads leave it here, the admin address reads it.
package final class Health: Sendable {
  /// The loop's, which always turns.
  package let loop = Pulse()
  /// The transaction thread's: one beat a commit.
  package let transactions = Pulse()
  /// The restore's progress.
  package let restore = RestoreProgress()
  private let state = Mutex(State())

  struct State {
    /// Partitions of the present assignment; nil without one.
    var assigned: Int?
    /// Those of them whose records may come.
    var open = 0
    /// Those that stand still, and why.
    var blocked: [Int32: String] = [:]
    var isCredentialRefused = false
    var breaker = BreakerState.closed
    /// Calls of the adapter under way, and links that wait for one.
    var calls = 0
    var ready = 0
    var lastCommit: Timestamp?
    /// Transactions that did not commit since the last one that did.
    var failures = 0
    /// Why the last of them did not.
    var failure: String?
    /// What the store cannot do for now; nil where it works.
    var storeFailure: String?
    /// Since when nobody knows how a transaction ended; nil where that is known of all.
    var unknownSince: Timestamp?
    var isStopping = false

    /// Partitions whose state is being read.
    var restoring: Int { max((assigned ?? 0) - open - blocked.count, 0) }
  }

  /// A worker that has just been started.
  package init() {}

  /// The group gave partitions, maybe none.
  package func assigned(_ partitions: [Int32]) {
    state.withLock { state in
      state.assigned = partitions.count
      state.open = 0
      state.blocked = [:]
    }
  }

  /// The group took the partitions away; there will be another assignment.
  package func revoked() {
    state.withLock { state in
      state.assigned = nil
      state.open = 0
      state.blocked = [:]
    }
  }

  /// A stop was asked for.
  package func stopping() { state.withLock { $0.isStopping = true } }

  /// The local store cannot do its work, and why; what waits for it is tried again.
  package func storeFailed(_ reason: String) { state.withLock { $0.storeFailure = reason } }

  /// The local store does its work again.
  package func storeRecovered() { state.withLock { $0.storeFailure = nil } }

  /// Takes over what the engine tells, at the moment `wall`.
  package func observe(_ note: Note, wall: Timestamp) {
    switch note {
    case .laneBlocked(let partition, let reason): state.withLock { $0.blocked[partition] = reason }
    case .laneOpened(let partition, _): state.withLock { $0.blocked[partition] = nil }
    case .committed:
      state.withLock { state in
        state.lastCommit = wall
        state.failures = 0
        state.failure = nil
        state.unknownSince = nil
      }
    case .commitFailed(let fault, let reason, _, _):
      switch fault {
      case .aborted, .unknown, .fatal:
        state.withLock { state in
          state.failures += 1
          state.failure = reason
          state.unknownSince = fault == .unknown ? wall : nil
        }
      // The others go on; and the group gives a new assignment.
      case .refused, .fenced: break
      }
    case .recordSkipped, .decided, .called, .decisionRefused, .credentialRefused, .credentialAccepted, .breakerOpened,
      .breakerHalfOpened, .breakerClosed:
      break
    }
  }

  /// Takes the engine's load over.
  package func observe(_ load: Engine.Load) {
    state.withLock { state in
      state.open = load.open
      state.isCredentialRefused = load.credentialRefused
      state.breaker = load.breaker
      state.calls = load.calls
      state.ready = load.ready
    }
  }

  /// When a transaction was last committed.
  var lastCommit: Timestamp? { state.withLock(\.lastCommit) }

  /// This worker's partitions by what they do.
  var laneCounts: [LaneState: Int] {
    state.withLock { [.open: $0.open, .restoring: $0.restoring, .blocked: $0.blocked.count] }
  }

  /// When the loop last turned, in seconds since the Unix epoch; 0 before the first time.
  func lastTurn(now: Now) -> Double {
    guard let began = loop.began else { return 0 }
    return Double((now.wall + -(now.uptime - began)).milliseconds) / 1000
  }

  var snapshot: State { state.withLock { $0 } }
}
