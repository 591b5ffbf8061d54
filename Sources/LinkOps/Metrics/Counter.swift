import Synchronization

/// A number that only grows. Any thread may add to it and read it; an addition costs some nanoseconds.
package final class Counter: Sendable {
  private let count = Atomic<Int64>(0)

  /// A counter at 0.
  package init() {}

  /// Adds to it.
  package func add(_ number: Int64 = 1) { count.wrappingAdd(number, ordering: .relaxed) }

  /// What it has come to.
  package var value: Int64 { count.load(ordering: .relaxed) }
}

/// Counters of one metric, one for each value of its label.
package struct CounterSet<Label: Hashable & CaseIterable & RawRepresentable & Sendable>: Sendable
where Label.RawValue == String {
  private let counters: [Label: Counter]

  /// Counters at 0.
  package init() { counters = Dictionary(uniqueKeysWithValues: Label.allCases.map { ($0, Counter()) }) }

  /// Adds 1 to one of them.
  package func add(_ label: Label) { counters[label]?.add() }

  /// What one of them has come to.
  package func value(_ label: Label) -> Int64 { counters[label]?.value ?? 0 }

  /// Them all, by their label's value.
  var series: [MetricFamily.Series] {
    Label.allCases.compactMap { label in
      counters[label].map { .init(labels: [MetricTable.value(of: label)], source: .counter($0)) }
    }
  }
}
