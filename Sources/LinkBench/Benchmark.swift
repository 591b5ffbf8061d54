import Glibc

/// `linkbench`: what the worker costs and how long a link takes, on a real Kafka, beside a floor without any of its promises.
enum Benchmark {
  /// Does what the arguments ask for and returns the exit code, of sysexits.h.
  static func main(arguments: [String], environment: [String: String]) -> Int32 {
    do {
      if arguments.first == "floor" {
        try Floor(FloorSettings(Array(arguments.dropFirst()))).run()
        return 0
      }
      let options = try BenchOptions(arguments)
      if options.wantsHelp {
        tell(BenchOptions.help)
        return 0
      }
      guard let home = environment["KAFKA_HOME"], !home.isEmpty else {
        throw BenchFailure(
          "measure", "the worker", "KAFKA_HOME is not set",
          hint: "KAFKA_HOME=/path/to/an/unpacked/kafka make bench", exitCode: 69)
      }
      if let links = options.restored {
        let results = try measureRestores(of: links, options, kafkaHome: home)
        let report = RestoreReport(links: links, options, results)
        tell(options.writesJSON ? report.json : report.text)
        return 0
      }
      if let links = options.waiting {
        let rig = try Rig(options, kafkaHome: home)
        defer { rig.remove() }
        let measured = try WaitingRun(rig, links: links).measure()
        tell(options.writesJSON ? measured.json : measured.text)
        return 0
      }
      let results = try measureAll(options, kafkaHome: home)
      tell(options.writesJSON ? Report(options, results).json : Report(options, results).text)
      return 0
    } catch let failure as BenchFailure {
      say(failure.description)
      return failure.exitCode
    } catch {
      say("linkbench: \(error)")
      return 69
    }
  }

  /// Every scenario as often as asked. Subjects take turns, so that what else the machine does meets all of them.
  private static func measureAll(_ options: BenchOptions, kafkaHome: String) throws -> [Measurement] {
    let rig = try Rig(options, kafkaHome: kafkaHome)
    defer { rig.remove() }
    var results: [Measurement] = []
    for round in 1...options.repeats {
      for scenario in options.scenarios {
        say("round \(round) of \(options.repeats): \(scenario)")
        let measured =
          switch scenario.kind {
          case .throughput: try ThroughputRun(rig, scenario).measure()
          case .latency: try LatencyRun(rig, scenario).measure()
          }
        say("  \(measured)")
        results.append(measured)
      }
    }
    return results
  }

  private static func measureRestores(of links: Int, _ options: BenchOptions, kafkaHome: String) throws
    -> [RestoreMeasurement]
  {
    let rig = try Rig(options, kafkaHome: kafkaHome)
    defer { rig.remove() }
    return try RestoreRun(rig, links: links).measureAll()
  }
}

/// Why nothing could be measured.
struct BenchFailure: Error, CustomStringConvertible {
  var operation: String
  var subject: String
  var problem: String
  var hint: String
  var exitCode: Int32

  init(_ operation: String, _ subject: String, _ problem: String, hint: String, exitCode: Int32 = 70) {
    self.operation = operation
    self.subject = subject
    self.problem = problem
    self.hint = hint
    self.exitCode = exitCode
  }

  var description: String { "linkbench: cannot \(operation): \(subject): \(problem). Try: \(hint)" }
}

/// Results go to standard output.
private func tell(_ text: String) { write(text, to: STDOUT_FILENO) }

/// Progress and failures go to standard error.
func say(_ line: String) { write(line, to: STDERR_FILENO) }

private func write(_ line: String, to descriptor: Int32) {
  var rest = Array((line + "\n").utf8)[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    // A reader that has gone wants nothing more.
    guard count > 0 else { return }
    rest = rest.dropFirst(count)
  }
}
