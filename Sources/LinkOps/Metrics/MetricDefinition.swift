import LinkCore

/// One row of the table of metrics: what Prometheus is told of it, and what the documentation says.
package struct MetricDefinition: Sendable {
  /// Its name as samples have it: a counter's ends in `_total`.
  package let name: String
  /// What kind of number it is.
  let kind: Kind
  /// What it counts or measures, in a sentence.
  let help: String
  /// The names of its labels, and the values that they can have together.
  let labels: Labels

  /// The kinds of metric.
  enum Kind: Hashable, Sendable {
    case counter
    case gauge
    /// With the upper ends of its buckets in milliseconds.
    case histogram([Milliseconds])

    /// As the formats name it.
    var name: String {
      switch self {
      case .counter: "counter"
      case .gauge: "gauge"
      case .histogram: "histogram"
      }
    }
  }

  /// What tells the series of a metric apart. The sets are closed, so that their number is known beforehand.
  enum Labels: Sendable {
    /// There is one series.
    case none
    /// One series for each value of a label.
    case values(String, [String])
    /// One series for each of these rows of values.
    case rows([String], [[String]])
    /// One series, whose values are those of this program.
    case program([String])
  }

  init(_ name: String, _ kind: Kind, labels: Labels = .none, _ help: String) {
    self.name = name
    self.kind = kind
    self.labels = labels
    self.help = help
  }

  /// The names of its labels.
  var labelNames: [String] {
    switch labels {
    case .none: []
    case .values(let name, _): [name]
    case .rows(let names, _), .program(let names): names
    }
  }

  /// The name of its family in OpenMetrics, which leaves a counter's suffix out.
  var family: String { kind == .counter && name.hasSuffix("_total") ? String(name.dropLast(6)) : name }

  /// The unit that its name ends in, where there is one.
  var unit: String? { ["seconds", "bytes", "records"].first { family.hasSuffix("_\($0)") } }
}

/// A metric with its numbers.
struct MetricFamily: Sendable {
  let definition: MetricDefinition
  let series: [Series]

  /// One number, or one histogram, with the values of its labels.
  struct Series: Sendable {
    var labels: [String] = []
    var source: Source
  }

  /// Where a number comes from.
  enum Source: Sendable {
    case counter(Counter)
    case gauge(Gauge)
    case histogram(Histogram)
    /// It is found out when somebody asks.
    case read(@Sendable () -> Double)
  }

  init(_ definition: MetricDefinition, _ series: [Series]) {
    self.definition = definition
    self.series = series
  }

  init(_ definition: MetricDefinition, _ source: Source) { self.init(definition, [Series(source: source)]) }
}
