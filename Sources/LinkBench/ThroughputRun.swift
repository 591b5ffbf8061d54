import Glibc

/// A backlog that lies there before the subject starts, done as fast as it can be.
struct ThroughputRun {
  private let rig: Rig
  private let scenario: Scenario

  init(_ rig: Rig, _ scenario: Scenario) {
    self.rig = rig
    self.scenario = scenario
  }

  func measure() throws -> Measurement {
    let run = try rig.newRun(scenario)
    defer { run.end() }
    let links = rig.options.links
    let bootstrap = rig.bootstrap
    try Load(topic: run.requestsTopic, bootstrap: bootstrap, isMoved: scenario.isMoved, linger: 5).backlog(links)
    let reader = try OutcomeReader(topic: run.outcomesTopic, partitions: rig.options.partitions, bootstrap: bootstrap)
    try run.start()
    let before = run.usage()
    let seconds = try read(links, reader, run)
    // What follows the last outcome belongs to it: its part of the view, the last commit.
    usleep(300_000)
    let after = run.usage()
    var cpu = after.cpu(since: before, links: links)
    cpu.subject = after.cpu(since: nil, links: links).subject
    return Measurement(scenario: scenario, links: links, seconds: seconds, cpu: cpu, memory: after.subject.memory)
  }

  /// Seconds from the first outcome to the last; each user must have exactly one.
  private func read(_ links: Int, _ reader: OutcomeReader, _ run: Run) throws -> Double {
    var seen = [Bool](repeating: false, count: links + 1)
    var count = 0
    var first: Int64 = 0
    var last = monotonicMicroseconds()
    while count < links {
      guard let user = try reader.next(timeout: 200) else {
        try run.check()
        guard monotonicMicroseconds() - last < 30_000_000 else { throw missing(links - count, run) }
        continue
      }
      last = monotonicMicroseconds()
      if count == 0 { first = last }
      guard (1...Int64(links)).contains(user), !seen[Int(user)] else {
        throw BenchFailure("measure", "user \(user)", "it has a second outcome", hint: "the worker's log, \(run.log)")
      }
      seen[Int(user)] = true
      count += 1
    }
    return Double(last - first) / 1_000_000
  }

  private func missing(_ count: Int, _ run: Run) -> BenchFailure {
    BenchFailure("measure", "\(scenario)", "\(count) outcomes are missing", hint: "the log, \(run.log)")
  }
}
