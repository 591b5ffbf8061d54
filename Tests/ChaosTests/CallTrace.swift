import LinkCore
import LinkSandbox
import LinkTestSupport

/// When the adapter was called, beside when workers died and partitions changed hands: what promise P3 is judged by.
///
/// A call is known by its place in the order of all calls, a loss by the range of places in which it fell.
struct CallTrace {
  private let emulator: AdapterEmulator
  private var samples: [(at: Timestamp, calls: Int)] = []
  private var losses: [ClosedRange<Int>] = []

  /// Calls of links, and how many of them the losses explain.
  struct Balance: Equatable {
    /// All calls.
    var calls = 0
    /// Those beyond the attempts that the outcomes tell of.
    var extra = 0
    /// How many extra calls there may be: for each link the pairs of successive calls with a loss in between.
    var bound = 0
    /// Links with more extra calls than that.
    var excesses: [String] = []
  }

  init(_ emulator: AdapterEmulator) { self.emulator = emulator }

  /// Notes how many calls there were by now; to be done every few milliseconds.
  mutating func sample() {
    let calls = emulator.stats.calls
    samples.append((wallNow(), calls))
  }

  /// Notes that a worker died after the last sample, and that the next one of its name is started but has not called yet.
  mutating func noteDeath() {
    let calls = emulator.stats.calls
    losses.append((samples.last?.calls ?? 0)...calls)
  }

  /// Notes what the workers' logs tell of partitions that were taken and given.
  mutating func note(logs: [[LogEntry]]) {
    for entry in logs.joined() where entry.event == "lanes.revoked" || entry.event == "lane.opened" {
      guard let at = entry.time else { continue }
      let before = samples.last { $0.at < at }?.calls ?? 0
      let after = samples.first { $0.at > at }?.calls ?? samples.last?.calls ?? 0
      losses.append(before...max(before, after))
    }
  }

  /// Balances the calls of each link against its outcome and the losses.
  func balance(_ outcomes: [OutcomeEvent], _ calls: [Int64: [Int]]) -> Balance {
    var balance = Balance(calls: calls.values.reduce(0) { $0 + $1.count })
    for outcome in outcomes where !outcome.isA("refused") {
      guard let account = outcome.accounts.first, let places = calls[account] else { continue }
      let extra = places.count - Int(outcome.attempts ?? 0)
      let bound = zip(places, places.dropFirst()).count { hasLoss(after: $0, upTo: $1) }
      balance.extra += extra
      balance.bound += bound
      if extra > bound {
        balance.excesses.append(
          "\(outcome.linkKey.map { "\($0)" } ?? outcome.id): \(extra) extra calls, \(bound) losses")
      }
    }
    return balance
  }

  private func hasLoss(after earlier: Int, upTo later: Int) -> Bool {
    losses.contains { $0.lowerBound <= later && $0.upperBound > earlier }
  }
}
