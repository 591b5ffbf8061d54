import LinkCore

/// The medians of all runs, beside the floor and the aims.
struct Report {
  private let options: BenchOptions
  private let runs: [Measurement]
  private let medians: [Measurement]

  init(_ options: BenchOptions, _ runs: [Measurement]) {
    self.options = options
    self.runs = runs
    medians = options.scenarios.compactMap { scenario in Measurement.median(runs.filter { $0.scenario == scenario }) }
  }

  /// For people.
  var text: String {
    (header + throughput + latency + aims).joined(separator: "\n")
  }

  private var header: [String] {
    [
      "Medians of \(options.repeats) runs; \(options.concurrency) calls at the same time, \(options.partitions) partitions. "
        + "CPU is user and system, µs a link;", "broker, emulator, load and reader share the machine with the subject.",
    ]
  }

  private var throughput: [String] {
    table(
      "Throughput, \(options.links) links", .throughput,
      ["links/s", "CPU", "MB", "× links/s", "× CPU", "load", "emulator", "broker"]
    ) { run, floor in
      [
        run.linksPerSecond.rounded(0), run.cpu.subject.rounded(1), run.memory.rounded(0),
        ratio(run.linksPerSecond, floor?.linksPerSecond), ratio(run.cpu.subject, floor?.cpu.subject),
        run.cpu.load.rounded(0), run.cpu.emulator.rounded(0), run.cpu.broker.rounded(0),
      ]
    }
  }

  private var latency: [String] {
    table(
      "Latency at \(options.rate) links/s, \(options.seconds) s, in ms from the request's write to the outcome's read; added: less the adapter's",
      .latency, ["p50", "p99", "max", "added p50", "added p99", "CPU", "MB", "× p50", "× p99", "× CPU"]
    ) { run, floor in
      let adapter = Double(run.scenario.adapterLatency)
      let own = run.latency ?? .init(p50: 0, p99: 0, max: 0)
      return [
        own.p50.rounded(1), own.p99.rounded(1), own.max.rounded(1), (own.p50 - adapter).rounded(1),
        (own.p99 - adapter).rounded(1), run.cpu.subject.rounded(1), run.memory.rounded(0),
        ratio(own.p50, floor?.latency?.p50), ratio(own.p99, floor?.latency?.p99),
        ratio(run.cpu.subject, floor?.cpu.subject),
      ]
    }
  }

  /// A row for each scenario of a kind.
  private func table(
    _ title: String, _ kind: Scenario.Kind, _ columns: [String],
    _ cells: (_ run: Measurement, _ floor: Measurement?) -> [String]
  ) -> [String] {
    let shown = medians.filter { $0.scenario.kind == kind }
    guard !shown.isEmpty else { return [] }
    var rows = [["", "adapter"] + columns]
    for run in shown {
      let floor = run.scenario.subject == .floor ? nil : medians.first { $0.scenario == run.scenario.floor }
      let name = run.scenario.subject.rawValue + (run.scenario.isMoved ? ", moved" : "")
      rows.append([name, "\(run.scenario.adapterLatency) ms"] + cells(run, floor))
    }
    return ["", title] + TextTable.lines(rows)
  }

  private func ratio(_ own: Double, _ floor: Double?) -> String {
    floor.map { $0 > 0 ? (own / $0).rounded(2) : "-" } ?? "-"
  }

  /// What is aimed at, and whether it is reached.
  private var aims: [String] {
    var lines: [String] = []
    for run in medians where run.scenario.subject == .worker && !run.scenario.isMoved {
      switch run.scenario.kind {
      case .throughput:
        lines.append(aim("\(run.scenario): links/s", run.linksPerSecond, atLeast: 5000))
        lines.append(aim("\(run.scenario): CPU µs/link", run.cpu.subject, atMost: 120))
        lines.append(aim("\(run.scenario): MB", run.memory, atMost: 150))
      case .latency:
        let added = (run.latency?.p99 ?? 0) - Double(run.scenario.adapterLatency)
        lines.append(aim("\(run.scenario): added p99 ms", added, atMost: 50))
      }
    }
    return lines.isEmpty ? [] : ["", "Aims"] + lines
  }
}

extension Report {
  /// For programs: every run and every median.
  var json: String {
    var json = JSONWriter(capacity: 4096)
    json.beginObject()
    for (name, value) in [
      ("links", options.links), ("rate", options.rate), ("concurrency", options.concurrency),
      ("partitions", options.partitions),
    ] as [(StaticString, Int)] {
      json.name(name)
      json.integer(Int64(value))
    }
    for (name, measurements) in [("medians", medians), ("runs", runs)] as [(StaticString, [Measurement])] {
      json.name(name)
      json.beginArray()
      for measurement in measurements { Self.write(measurement, to: &json) }
      json.endArray()
    }
    json.endObject()
    return String(decoding: json.bytes, as: UTF8.self)
  }

  private static func write(_ run: Measurement, to json: inout JSONWriter) {
    json.beginObject()
    for (name, value) in [("subject", run.scenario.subject.rawValue), ("measured", run.scenario.kind.rawValue)]
      as [(StaticString, String)]
    {
      json.name(name)
      json.string(value)
    }
    json.name("moved")
    json.boolean(run.scenario.isMoved)
    var numbers: [(StaticString, Double)] = [
      ("adapterLatencyMs", Double(run.scenario.adapterLatency)), ("links", Double(run.links)),
      ("linksPerSecond", run.linksPerSecond), ("cpuMicrosPerLink", run.cpu.subject), ("peakMB", run.memory),
      ("loadCpuMicrosPerLink", run.cpu.load), ("emulatorCpuMicrosPerLink", run.cpu.emulator),
      ("brokerCpuMicrosPerLink", run.cpu.broker),
    ]
    if let latency = run.latency {
      numbers += [("p50Ms", latency.p50), ("p99Ms", latency.p99), ("maxMs", latency.max)]
    }
    for (name, number) in numbers {
      json.name(name)
      json.verbatim(Array(number.rounded(3).utf8))
    }
    json.endObject()
  }
}
