import Synchronization

/// A number that goes up and down. Any thread may set and read it.
package final class Gauge: Sendable {
  private let bits = Atomic<UInt64>(0)

  /// A gauge at 0.
  package init() {}

  /// Sets it.
  package func set(_ number: Double) { bits.store(number.bitPattern, ordering: .relaxed) }

  /// Sets it to a whole number.
  package func set(_ number: some BinaryInteger) { set(Double(number)) }

  /// Where it stands.
  package var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}

/// Gauges of one metric, one for each value of its label.
package struct GaugeSet<Label: Hashable & CaseIterable & RawRepresentable & Sendable>: Sendable
where Label.RawValue == String {
  private let gauges: [Label: Gauge]

  /// Gauges at 0.
  package init() { gauges = Dictionary(uniqueKeysWithValues: Label.allCases.map { ($0, Gauge()) }) }

  /// Sets one of them.
  package func set(_ label: Label, _ number: Int) { gauges[label]?.set(number) }

  /// Them all, by their label's value.
  var series: [MetricFamily.Series] {
    Label.allCases.compactMap { label in
      gauges[label].map { .init(labels: [MetricTable.value(of: label)], source: .gauge($0)) }
    }
  }
}
