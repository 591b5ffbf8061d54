import Testing

/// Steps, written once and played on both clusters.
struct Scenario: Sendable, CustomTestStringConvertible {
  var name: String
  var settings = Settings()
  var steps: [Step]

  /// What the steps need of the clusters' clocks. The simulation's is virtual: there only the order counts.
  struct Settings: Sendable {
    /// Transactions time out within the scenario.
    var transactionsTimeOut = false
    /// A rebalance gives up waiting within the scenario.
    var rebalancesGiveUp = false
    /// Members of which one may be silent.
    var mortals: Set<Int> = []
    /// Members that have instance ids.
    var statics: Set<Int> = []
    /// Tombstones go when they are met by compaction, or stay.
    var tombstonesGo = false
    /// The state topic is made ready for `compact`.
    var isCompacted = false
  }

  init(_ name: String, _ steps: [Step], settings: Settings = Settings()) {
    self.name = name
    self.settings = settings
    self.steps = steps
  }

  var testDescription: String { name }
}
