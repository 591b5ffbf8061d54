/// What a metrics page says, sample by sample.
public struct MetricPage: Sendable {
  /// The values, by name and labels as they are written.
  public let samples: [String: Double]
  /// The whole page.
  public let text: String

  /// Reads a page in Prometheus' text format.
  public init(_ text: String) throws {
    self.text = text
    var samples: [String: Double] = [:]
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      guard let space = line.lastIndex(of: " "), let value = Double(line[line.index(after: space)...]) else {
        throw Missing("A sample in \(line)")
      }
      samples[String(line[..<space])] = value
    }
    self.samples = samples
  }

  /// Asks a worker's admin address.
  public init(port: UInt16) throws {
    let answer = try HTTPAnswer.get("/metrics", port: port)
    guard answer.status == 200 else { throw Missing("Metrics instead of \(answer.head)") }
    try self.init(answer.body)
  }

  /// The value of a series; nil where there is none.
  public subscript(series: String) -> Double? { samples[series] }

  /// All series of a name together.
  public func sum(_ name: String) -> Double {
    samples.reduce(0) { $1.key.prefix { $0 != "{" } == name ? $0 + $1.value : $0 }
  }
}

/// Readers of metrics that share nothing with the worker.
public enum MetricReader {
  /// What `promtool check metrics` finds in a page; nothing where all is well.
  public static func promtool(_ text: String) throws -> String {
    let scratch = try Scratch()
    try scratch.write("page", text)
    let outcome = try RunningProgram.run(["sh", "-c", "exec promtool check metrics < '\(scratch["page"])'"])
    return outcome.code == 0 && outcome.errors.isEmpty && outcome.output.isEmpty
      ? "" : "\(outcome.code) \(outcome.outputText)\(outcome.errorText)"
  }

  /// The samples that Prometheus' client for Python reads in an OpenMetrics page; throws its own words where it refuses the page.
  public static func openMetrics(_ text: String) throws -> Int {
    let scratch = try Scratch()
    try scratch.write("page", text)
    let program = """
      import sys
      from prometheus_client.openmetrics.parser import text_string_to_metric_families as read
      print(sum(len(family.samples) for family in read(open(sys.argv[1]).read())))
      """
    let outcome = try RunningProgram.run(["/usr/bin/python3", "-c", program, scratch["page"]])
    guard outcome.code == 0, let count = Int(outcome.outputText.filter { $0 != "\n" }) else {
      throw Missing("A page of OpenMetrics: \(outcome.errorText)")
    }
    return count
  }
}
