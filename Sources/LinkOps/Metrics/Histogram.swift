package import LinkCore

/// Counts durations by how long they were. Any thread may add to it and read it.
package final class Histogram: Sendable {
  /// The buckets' upper ends in milliseconds, ascending; each belongs to its bucket. One more bucket takes what is longer.
  let bounds: [Milliseconds]
  private let counts: [Counter]
  private let total = Counter()

  /// Nothing counted yet.
  init(_ bounds: [Milliseconds]) {
    self.bounds = bounds
    counts = (0...bounds.count).map { _ in Counter() }
  }

  /// Counts a duration.
  package func observe(_ duration: Milliseconds) {
    var low = 0
    var high = bounds.count
    while low < high {
      let middle = (low + high) / 2
      if bounds[middle] < duration { low = middle + 1 } else { high = middle }
    }
    counts[low].add()
    total.add(max(duration, 0))
  }

  /// For each bucket how many durations were at most as long as its upper end; the last one has them all.
  var cumulative: [Int64] {
    var sum: Int64 = 0
    return counts.map { count in
      sum += count.value
      return sum
    }
  }

  /// All durations together, in seconds.
  var seconds: Double { Double(total.value) / 1000 }
}
