import LinkCore

/// All that decides one history: a seed draws it, and shrinking takes things out of it.
struct Plan: Sendable {
  var seed: UInt64
  /// Of the generator that decides delays and losses while the history runs.
  var chanceSeed: UInt64
  var workers: Int
  var partitions: Int32
  /// When the faults stop.
  var calmAt: Milliseconds
  var requests: [PlannedRequest] = []
  var incidents: [Incident] = []
  var rates = Rates()
  var timing = Timing()
  var stubbornness: Stubbornness?
  /// Whether members keep their identity over a restart, and whether an instance's name outlives its disk.
  var membersAreStatic = false
  var namesAreConfigured = true

  /// How often something goes wrong, of a thousand.
  struct Rates: Sendable, Equatable {
    var lostMessage = 0
    var slowMessage = 0
    var lateEnd = 0
    var slowMarker = 0
    var refusal = 0
    var adapterFault = 0
    var adapterSlowness = 0
    var slowStore = 0
    /// Of each link, that the adapter says no to it while there are faults.
    var rejection = 150
  }

  struct Timing: Sendable, Equatable {
    var session: Milliseconds = 6000
    var rebalance: Milliseconds = 20_000
    var transaction: Milliseconds = 10_000
    var retention: Milliseconds = 24 * 3_600_000
    var tombstones: Milliseconds = 12 * 3_600_000
    /// Calls after which a link fails; 0 for no limit.
    var attemptLimit = 0
    /// The same of ambiguous answers.
    var ambiguousLimit: Int { max(attemptLimit - 1, 0) }
  }

  /// The faults that can happen in this history.
  var faults: Set<FaultKind> {
    var faults = Set(incidents.map(\.fault))
    if rates.lostMessage > 0 { faults.insert(.lost) }
    if rates.slowMessage > 0 { faults.insert(.slow) }
    if rates.lateEnd > 0 { faults.insert(.lateEnd) }
    if rates.slowMarker > 0 { faults.insert(.slowMarkers) }
    if rates.refusal > 0 { faults.insert(.refused) }
    if rates.adapterFault > 0 || rates.adapterSlowness > 0 { faults.insert(.adapter) }
    if rates.slowStore > 0 { faults.insert(.slowStore) }
    if timing.retention < 3_600_000 { faults.insert(.retention) }
    if stubbornness != nil { faults.insert(.stubborn) }
    return faults
  }
}
