import Glibc
import Synchronization

/// A steady load, and how long each link takes: from the moment at which its request was to be written until its outcome can be read.
struct LatencyRun {
  private let rig: Rig
  private let scenario: Scenario
  /// Seconds of the full load before what is measured.
  private static let warmUp = 3

  init(_ rig: Rig, _ scenario: Scenario) {
    self.rig = rig
    self.scenario = scenario
  }

  func measure() throws -> Measurement {
    let run = try rig.newRun(scenario)
    defer { run.end() }
    let bootstrap = rig.bootstrap
    let load = try Load(topic: run.requestsTopic, bootstrap: bootstrap, linger: 0)
    let reader = try OutcomeReader(topic: run.outcomesTopic, partitions: rig.options.partitions, bootstrap: bootstrap)
    try run.start()
    try awaitFirst(load, reader, run)
    return try measure(load, reader, run)
  }

  /// Asks until something is answered: then the subject has its partitions.
  private func awaitFirst(_ load: Load, _ reader: OutcomeReader, _ run: Run) throws {
    for _ in 0..<300 {
      try load.probe()
      if try reader.next(timeout: 100) != nil { return }
      try run.check()
    }
    throw BenchFailure("measure", "\(scenario)", "no outcome within 30 s", hint: "the log, \(run.log)")
  }

  private func measure(_ load: Load, _ reader: OutcomeReader, _ run: Run) throws -> Measurement {
    let interval = Int64(1_000_000 / rig.options.rate)
    let warmUp = Self.warmUp * rig.options.rate
    let links = rig.options.seconds * rig.options.rate
    let start = monotonicMicroseconds() + 100_000
    let measuredFrom = start + Int64(warmUp) * interval
    let writing = LoadThread { try load.steady(from: start, interval: interval, count: warmUp + links) }
    var before: UsageSnapshot?
    var latencies: [Double] = []
    latencies.reserveCapacity(links)
    var heard = monotonicMicroseconds()
    while latencies.count < links {
      let user = try reader.next(timeout: 200)
      let now = monotonicMicroseconds()
      if before == nil, now >= measuredFrom { before = run.usage() }
      guard let user else {
        try run.check()
        guard now - heard < 10_000_000 else {
          throw BenchFailure(
            "measure", "\(scenario)", "\(links - latencies.count) outcomes are missing", hint: "the log, \(run.log)")
        }
        continue
      }
      heard = now
      if user >= measuredFrom { latencies.append(Double(now - user) / 1000) }
    }
    let after = run.usage()
    try writing.join()
    return Measurement(
      scenario: scenario, links: links, seconds: Double(rig.options.seconds),
      cpu: after.cpu(since: before, links: links),
      memory: after.subject.memory, latency: Self.summary(latencies.sorted()))
  }

  private static func summary(_ sorted: [Double]) -> Measurement.Latency {
    func quantile(_ part: Double) -> Double { sorted[min(Int(Double(sorted.count) * part), sorted.count - 1)] }
    return .init(p50: quantile(0.5), p99: quantile(0.99), max: quantile(1))
  }
}
