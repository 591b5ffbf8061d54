/// What one restore, or the median of some, came to.
struct RestoreMeasurement: CustomStringConvertible {
  var scenario: Scenario
  /// From the worker's start until it takes requests of every partition.
  var seconds: Double
  /// Records that it read, as it says itself.
  var records: Int
  /// Seconds that it read for, as it says itself: without its start, and the group's part.
  var reading: Double
  /// Processor time of user and system until then, in seconds.
  var cpu: Double
  /// Peak of resident memory until then in MB (VmHWM).
  var memory: Double

  /// One thing to measure.
  struct Scenario: Hashable, CustomStringConvertible {
    /// The worker's program.
    var worker: String
    /// Whether the store of the run before is there.
    var isWarm: Bool

    var description: String { isWarm ? "warm" : "cold" }
  }

  /// Records a second over the whole time.
  var rate: Double { Double(records) / seconds }

  /// The median of each figure by itself.
  static func median(_ runs: [RestoreMeasurement]) -> RestoreMeasurement? {
    guard var result = runs.first else { return nil }
    func of(_ figure: (RestoreMeasurement) -> Double) -> Double { Measurement.median(runs.map(figure)) }
    result.seconds = of { $0.seconds }
    result.reading = of { $0.reading }
    result.records = Int(of { Double($0.records) })
    result.cpu = of { $0.cpu }
    result.memory = of { $0.memory }
    return result
  }

  var description: String {
    "\(seconds.rounded(2)) s, of which \(reading.rounded(2)) s for \(records) records, CPU \(cpu.rounded(2)) s, "
      + "\(memory.rounded(0)) MB"
  }
}
