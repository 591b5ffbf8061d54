import Glibc
import LinkCore
import LinkSimulation
import Synchronization

/// How far a campaign is, in one line of a terminal that is written over; elsewhere nothing.
final class SimulationProgress: Sendable {
  private let total: UInt64
  private let descriptor: Int32
  private let isShown: Bool
  private let started = SystemClock.uptime()
  private let shownAt = Mutex<Milliseconds>(0)

  init(total: ClosedRange<UInt64>, descriptor: Int32) {
    self.total = (total.upperBound - total.lowerBound).addingReportingOverflow(1).partialValue
    self.descriptor = descriptor
    isShown = isatty(descriptor) == 1
  }

  var seconds: Double { Double(max(SystemClock.uptime() - started, 1)) / 1000 }

  func show(_ tally: CampaignTally) {
    let now = SystemClock.uptime()
    guard isShown,
      shownAt.withLock({ shown in
        guard now - shown >= 200 else { return false }
        shown = now
        return true
      })
    else { return }
    let rate = Int(Double(tally.seeds) / seconds)
    let left = total > tally.seeds ? (total - tally.seeds) / UInt64(max(rate, 1)) : 0
    write("\r\u{1B}[K\(tally.seeds) of \(total) seeds, \(rate) a second, \(left) s left")
  }

  func end() { if isShown { write("\r\u{1B}[K") } }

  private func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
  }
}
