import LinkCore

/// What a store with many waiting links came to.
struct WaitingMeasurement {
  var links: Int
  /// The worker's start without a store, and with it.
  var cold: RestoreMeasurement
  var warm: [RestoreMeasurement]
  /// Milliseconds for the question for due links of a partition where there are none, where all are due, and for putting off what came.
  var none: [Double]
  var take: [Double]
  var putOff: [Double]
  /// Links a second that are taken one portion after the other.
  var drainRate: Double

  private var warmMedian: RestoreMeasurement { RestoreMeasurement.median(warm) ?? cold }

  /// For people.
  var text: String {
    let questions = [("none due", none), ("128 of all due", take), ("128 put off", putOff)]
    var rows = [["ms", "p50", "p99"]]
    for (name, figures) in questions {
      rows.append([name, Self.quantile(0.5, figures).rounded(2), Self.quantile(0.99, figures).rounded(2)])
    }
    return
      (["\(links) links that wait", "", "cold start: \(cold)", "warm start: \(warmMedian)", ""] + TextTable.lines(rows)
      + ["drained: \(drainRate.rounded(0)) links/s", "", aim("warm: MB", warmMedian.memory, atMost: 150)])
      .joined(separator: "\n")
  }

  /// For programs.
  var json: String {
    var json = JSONWriter(capacity: 1024)
    json.beginObject()
    json.name("links")
    json.integer(Int64(links))
    for (name, number) in [
      ("coldSeconds", cold.seconds), ("coldMB", cold.memory), ("warmSeconds", warmMedian.seconds),
      ("warmMB", warmMedian.memory), ("noneDueP50Ms", Self.quantile(0.5, none)),
      ("noneDueP99Ms", Self.quantile(0.99, none)), ("takeP50Ms", Self.quantile(0.5, take)),
      ("takeP99Ms", Self.quantile(0.99, take)), ("putOffP50Ms", Self.quantile(0.5, putOff)),
      ("putOffP99Ms", Self.quantile(0.99, putOff)), ("drainedPerSecond", drainRate),
    ] as [(StaticString, Double)] {
      json.name(name)
      json.verbatim(Array(number.rounded(3).utf8))
    }
    json.endObject()
    return String(decoding: json.bytes, as: UTF8.self)
  }

  private static func quantile(_ part: Double, _ figures: [Double]) -> Double {
    let sorted = figures.sorted()
    return sorted.isEmpty ? 0 : sorted[min(Int(Double(sorted.count) * part), sorted.count - 1)]
  }
}
