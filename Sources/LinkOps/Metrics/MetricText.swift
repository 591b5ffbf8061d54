/// The formats in which metrics are written.
package enum MetricFormat: Sendable {
  /// Prometheus' text format 0.0.4.
  case prometheus
  /// OpenMetrics 1.0.
  case openMetrics

  /// The `Content-Type` of an answer.
  package var contentType: String {
    switch self {
    case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
    case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
    }
  }

  /// The one that an `Accept` header (RFC 9110, 12.5.1) prefers: OpenMetrics only where it is named, in a version that is had here.
  package init(accept: String?) {
    var qualities: [MetricFormat: Double] = [:]
    for range in (accept ?? "").lowercased().split(separator: ",") {
      let parts = range.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
      var (quality, version) = (1.0, "1.0.0")
      for part in parts.dropFirst() {
        if part.hasPrefix("q=") { quality = Double(part.dropFirst(2)) ?? 0 }
        if part.hasPrefix("version=") { version = part.dropFirst(8).filter { $0 != "\"" } }
      }
      switch parts.first {
      case "application/openmetrics-text" where version == "1.0.0":
        qualities[.openMetrics] = max(qualities[.openMetrics] ?? 0, quality)
      case "text/plain", "text/*", "*/*": qualities[.prometheus] = max(qualities[.prometheus] ?? 0, quality)
      default: continue
      }
    }
    let wanted = qualities[.openMetrics] ?? 0
    self = wanted > 0 && wanted >= qualities[.prometheus] ?? 0 ? .openMetrics : .prometheus
  }
}

/// Writes metrics as text.
///
/// Sources: prometheus.io/docs/instrumenting/exposition_formats for 0.0.4, the OpenMetrics specification 1.0.0 for the other.
struct MetricText {
  private var bytes: [UInt8] = []
  private let format: MetricFormat

  /// All of them, one family after the other.
  static func encode(_ families: [MetricFamily], _ format: MetricFormat) -> [UInt8] {
    var text = MetricText(format: format)
    text.bytes.reserveCapacity(32 << 10)
    for family in families { text.add(family) }
    if format == .openMetrics { text.add("# EOF\n") }
    return text.bytes
  }

  private init(format: MetricFormat) { self.format = format }

  private mutating func add(_ family: MetricFamily) {
    let definition = family.definition
    let name = format == .openMetrics ? definition.family : definition.name
    add("# HELP \(name) \(definition.help.escaped(quotes: format == .openMetrics))\n")
    add("# TYPE \(name) \(definition.kind.name)\n")
    if format == .openMetrics, let unit = definition.unit { add("# UNIT \(name) \(unit)\n") }
    for series in family.series {
      let labels = Array(zip(definition.labelNames, series.labels))
      switch series.source {
      case .counter(let counter): sample(definition.name, labels, String(counter.value))
      case .gauge(let gauge): sample(definition.name, labels, gauge.value.written)
      case .read(let value): sample(definition.name, labels, value().written)
      case .histogram(let histogram): add(histogram, definition.name, labels)
      }
    }
  }

  private mutating func add(_ histogram: Histogram, _ name: String, _ labels: [(String, String)]) {
    let counts = histogram.cumulative
    for (bound, count) in zip(histogram.bounds, counts) {
      sample("\(name)_bucket", labels + [("le", (Double(bound) / 1000).description)], String(count))
    }
    let count = String(counts.last ?? 0)
    sample("\(name)_bucket", labels + [("le", "+Inf")], count)
    sample("\(name)_sum", labels, histogram.seconds.written)
    sample("\(name)_count", labels, count)
  }

  private mutating func sample(_ name: String, _ labels: [(name: String, value: String)], _ value: String) {
    add(name)
    if !labels.isEmpty {
      add("{" + labels.map { "\($0.name)=\"\($0.value.escaped(quotes: true))\"" }.joined(separator: ",") + "}")
    }
    add(" \(value)\n")
  }

  private mutating func add(_ text: String) { bytes += text.utf8 }
}

extension Double {
  /// Whole numbers without a fraction.
  fileprivate var written: String { Int64(exactly: self).map(String.init) ?? description }
}

extension String {
  /// Without what would end a line or a label's value.
  fileprivate func escaped(quotes: Bool) -> String {
    var text = ""
    for character in unicodeScalars {
      switch character {
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\"" where quotes: text += "\\\""
      default: text.unicodeScalars.append(character)
      }
    }
    return text
  }
}
