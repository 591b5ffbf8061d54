import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

/// A worker whose adapter is of no use for a while, and requests that come all that time at one rate.
///
/// The figures are taken in the second and in the last tenth of the time: what grows with the number of those who wait shows between them.
final class Outage {
  let fleet: Fleet
  let worker: WorkerProcess
  private let seconds: Double
  private let requestsPerSecond: Int

  /// What the worker took in a part of the time.
  struct Figures: CustomStringConvertible {
    /// Resident, at its end, in bytes.
    var memory: Int
    /// Of one processor.
    var processorShare: Double

    var description: String { "\(memory >> 20) MiB, \(Int(processorShare * 1000)) ms of processor a second" }
  }

  /// How it went on after the end of the outage.
  struct Recovery: CustomStringConvertible {
    /// Calls a second in the ten seconds after the first one that was answered well, and after those.
    var firstRate: Double
    var laterRate: Double
    /// Seconds from the first good answer to the last.
    var duration: Double

    var description: String {
      "\(Int(firstRate)) calls/s in the first ten seconds, \(Int(laterRate)) then, \(Int(duration)) s in all"
    }
  }

  /// - Parameters:
  ///   - seconds: How long the outage is to last.
  ///   - latency: Of the adapter when it is well, in milliseconds.
  ///   - concurrency: `adapter.concurrency`.
  init(seconds: Double, requestsPerSecond: Int, latency: Milliseconds, concurrency: Int) throws {
    self.seconds = seconds
    self.requestsPerSecond = requestsPerSecond
    // Waits as they are by default: a deployment of a test has short ones.
    fleet = try Fleet(
      bootstrap: TestKafka.shared.bootstrap, latency: latency,
      settings: [
        "retry.initial.ms": "500", "retry.max.ms": "900000", "adapter.concurrency": String(concurrency),
        "admin.listen": "127.0.0.1:0",
      ])
    worker = try fleet.startFirst("worker")
    // It has known good days: enough of them, before a long outage, that its caches are full, and what grows then is not they.
    try fleet.ask(seconds >= 300 ? 40_000 : 200)
    try fleet.awaitAll(within: 300, worker: worker)
  }

  /// Lets requests come until the time is over; says what the worker took early and late.
  func endure() throws -> (early: Figures, late: Figures) {
    let began = uptime()
    var marks: [(uptime: Double, processor: Double, memory: Int)] = []
    let shares = [0.1, 0.2, 0.9, 1.0]
    for second in 1...Int(seconds) {
      fleet.begin(requestsPerSecond)
      while marks.count < shares.count, uptime() >= began + shares[marks.count] * (seconds - 1) {
        marks.append((uptime(), try worker.processorSeconds(), try worker.statusBytes("VmRSS")))
      }
      // The load has its own clock: this is no wait for something to come about.
      try awaiting("The next second", within: 30) { uptime() >= began + Double(second) }
    }
    while marks.count < shares.count {
      marks.append((uptime(), try worker.processorSeconds(), try worker.statusBytes("VmRSS")))
    }
    func figures(_ index: Int) -> Figures {
      Figures(
        memory: marks[index + 1].memory,
        processorShare: (marks[index + 1].processor - marks[index].processor)
          / (marks[index + 1].uptime - marks[index].uptime))
    }
    return (figures(0), figures(2))
  }

  /// Every request is settled as scheduled: the group's offsets are at the end, and there is no outcome that was not there before.
  func expectOnlyScheduled(past outcomes: Int) throws {
    try fleet.deployment.awaitNoLag(within: 30, worker: worker)
    #expect(try fleet.deployment.outcomes().count == outcomes)
    #expect(try fleet.deployment.records(.deadLetters).isEmpty)
  }

  /// Waits until all have their tokens; says at what rate the adapter was called.
  func recover(within limit: Double) throws -> Recovery {
    let ended = wallNow()
    try fleet.awaitAll(within: limit, worker: worker)
    let calls = fleet.callTimes(since: ended)
    let first = try #require(calls.first), last = try #require(calls.last)
    let early = calls.prefix { $0 < first + 10_000 }.count
    let rest = Double(last - first) / 1000 - 10
    return Recovery(
      firstRate: Double(early) / 10, laterRate: rest > 0 ? Double(calls.count - early) / rest : 0,
      duration: Double(last - first) / 1000)
  }
}
