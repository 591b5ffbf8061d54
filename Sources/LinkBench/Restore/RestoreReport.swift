import LinkCore

/// The medians of all restores, beside the aims.
struct RestoreReport {
  private let links: Int
  private let options: BenchOptions
  private let runs: [RestoreMeasurement]
  private let medians: [RestoreMeasurement]

  init(links: Int, _ options: BenchOptions, _ runs: [RestoreMeasurement]) {
    self.links = links
    self.options = options
    self.runs = runs
    var scenarios: [RestoreMeasurement.Scenario] = []
    for run in runs where !scenarios.contains(run.scenario) { scenarios.append(run.scenario) }
    medians = scenarios.compactMap { scenario in RestoreMeasurement.median(runs.filter { $0.scenario == scenario }) }
  }

  /// For people.
  var text: String {
    let header =
      "Restore of \(links) links in \(options.partitions) partitions, medians of \(options.repeats) runs: from the worker's start until "
      + "it takes requests of every partition."
    var rows = [["", "s", "records", "records/s", "CPU s", "CPU µs/record", "MB"]]
    for run in medians {
      let perRecord = run.records > 0 ? (run.cpu * 1_000_000 / Double(run.records)).rounded(1) : "-"
      rows.append([
        name(run), run.seconds.rounded(2), String(run.records), run.rate.rounded(0), run.cpu.rounded(2), perRecord,
        run.memory.rounded(0),
      ])
    }
    return ([header, ""] + TextTable.lines(rows) + ratios + aims).joined(separator: "\n")
  }

  private func name(_ run: RestoreMeasurement) -> String {
    options.beside == nil ? "\(run.scenario)" : "\(run.scenario), \(run.scenario.worker)"
  }

  /// The worker's figures divided by those of the program beside it.
  private var ratios: [String] {
    guard let beside = options.beside else { return [] }
    let lines = [false, true].compactMap { isWarm -> String? in
      let both = medians.filter { $0.scenario.isWarm == isWarm }
      guard let other = both.first(where: { $0.scenario.worker == beside }),
        let own = both.first(where: { $0.scenario.worker != beside })
      else { return nil }
      return "\(own.scenario): time × \((own.seconds / other.seconds).rounded(2)), CPU × "
        + "\((own.cpu / other.cpu).rounded(2)), memory × \((own.memory / other.memory).rounded(2))"
    }
    return ["", "Beside \(beside)"] + lines
  }

  private var aims: [String] {
    let lines = medians.filter { $0.scenario.worker != options.beside }.flatMap { run in
      [
        aim("\(run.scenario): seconds", run.seconds, atMost: run.scenario.isWarm ? 1 : 10),
        aim("\(run.scenario): MB", run.memory, atMost: 200),
      ]
    }
    return ["", "Aims, for 1000000 links"] + lines
  }

  /// For programs: every run and every median.
  var json: String {
    var json = JSONWriter(capacity: 4096)
    json.beginObject()
    for (name, value) in [("links", links), ("partitions", options.partitions)] as [(StaticString, Int)] {
      json.name(name)
      json.integer(Int64(value))
    }
    for (name, measurements) in [("medians", medians), ("runs", runs)] as [(StaticString, [RestoreMeasurement])] {
      json.name(name)
      json.beginArray()
      for measurement in measurements { Self.write(measurement, to: &json) }
      json.endArray()
    }
    json.endObject()
    return String(decoding: json.bytes, as: UTF8.self)
  }

  private static func write(_ run: RestoreMeasurement, to json: inout JSONWriter) {
    json.beginObject()
    json.name("worker")
    json.string(run.scenario.worker)
    json.name("measured")
    json.string(run.scenario.isWarm ? "warm restore" : "cold restore")
    for (name, number) in [
      ("seconds", run.seconds), ("records", Double(run.records)), ("readingSeconds", run.reading),
      ("cpuSeconds", run.cpu), ("peakMB", run.memory),
    ] as [(StaticString, Double)] {
      json.name(name)
      json.verbatim(Array(number.rounded(3).utf8))
    }
    json.endObject()
  }
}
