import FoundationEssentials
import Glibc
import LinkCore

/// A worker that comes to the state of many links: without a store, and with the one that the run before has left.
struct RestoreRun {
  private let rig: Rig
  private let links: Int

  init(_ rig: Rig, links: Int) {
    self.rig = rig
    self.links = links
  }

  /// Every scenario as often as asked, over one state topic. Programs take turns, so that what else the machine does meets all of them.
  func measureAll() throws -> [RestoreMeasurement] {
    let run = try rig.newRun(of: .worker, adapterLatency: 0)
    defer { run.end() }
    say("writing the state of \(links) links")
    let began = monotonicMicroseconds()
    let bytes = try StateHistory(of: run, partitions: rig.options.partitions, bootstrap: rig.bootstrap).write(
      links: links)
    say("  \(bytes / links) bytes a link, in \(seconds(since: began).rounded(0)) s")
    let programs = [rig.worker] + (rig.options.beside.map { [$0] } ?? [])
    var results: [RestoreMeasurement] = []
    for round in 1...rig.options.repeats {
      for program in programs {
        run.removeStore()
        for isWarm in [false, true] {
          let scenario = RestoreMeasurement.Scenario(worker: program, isWarm: isWarm)
          say("round \(round) of \(rig.options.repeats): \(scenario), \(program)")
          let measured = try measure(scenario, run)
          say("  \(measured)")
          results.append(measured)
        }
      }
    }
    return results
  }

  /// One start, up to where the worker takes requests of every partition.
  func measure(_ scenario: RestoreMeasurement.Scenario, _ run: Run) throws -> RestoreMeasurement {
    let start = log(of: run).count
    let began = monotonicMicroseconds()
    try run.start(worker: scenario.worker)
    defer { run.stop() }
    var lines: [JSONValue] = []
    repeat {
      guard seconds(since: began) < 600 else {
        throw BenchFailure("measure", "a \(scenario) restore", "no end within 600 s", hint: "the log, \(run.log)")
      }
      usleep(2_000)
      try run.check()
      lines = log(of: run).dropFirst(start).split(separator: UInt8(ascii: "\n")).compactMap {
        try? JSONValue(parsing: Array($0))
      }
    } while count("lane.opened", lines) < rig.options.partitions
    let took = seconds(since: began)
    let usage = run.usage().subject
    let done = lines.filter { $0["event"]?.text == "restore.done" }
    return RestoreMeasurement(
      scenario: scenario, seconds: took, records: Int(sum("records", done)),
      reading: Double(sum("milliseconds", done)) / 1000, cpu: usage.cpu / 1_000_000, memory: usage.memory)
  }

  private func count(_ event: Text, _ lines: [JSONValue]) -> Int { lines.count { $0["event"]?.text == event } }

  private func sum(_ field: StaticString, _ lines: [JSONValue]) -> Int64 {
    lines.reduce(0) { $0 + ($1[field]?.integer ?? 0) }
  }

  private func log(of run: Run) -> [UInt8] { FileManager.default.contents(atPath: run.log).map { Array($0) } ?? [] }

  private func seconds(since began: Int64) -> Double { Double(monotonicMicroseconds() - began) / 1_000_000 }
}
