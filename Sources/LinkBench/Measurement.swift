/// What one run, or the median of some, came to.
struct Measurement: CustomStringConvertible {
  var scenario: Scenario
  /// Links measured.
  var links: Int
  /// From the first outcome to the last (throughput), or the time of the load (latency).
  var seconds: Double
  /// Processor time of user and system a link, in microseconds. In a throughput run of the subject's whole life, its start included.
  var cpu: CPU
  /// Peak of the subject's resident memory in MB (VmHWM).
  var memory: Double
  /// From the moment at which a request was to be written to the one at which a `read_committed` reader had its outcome, in ms.
  var latency: Latency?

  struct CPU {
    var subject: Double
    /// This program: load and reader.
    var load: Double
    var emulator: Double
    var broker: Double
  }

  struct Latency {
    var p50: Double
    var p99: Double
    var max: Double
  }

  var linksPerSecond: Double { Double(links) / seconds }

  /// The median of each figure by itself.
  static func median(_ runs: [Measurement]) -> Measurement? {
    guard var result = runs.first else { return nil }
    func of(_ figure: (Measurement) -> Double) -> Double { median(runs.map(figure)) }
    result.seconds = of { $0.seconds }
    result.memory = of { $0.memory }
    result.cpu = CPU(
      subject: of { $0.cpu.subject }, load: of { $0.cpu.load }, emulator: of { $0.cpu.emulator },
      broker: of { $0.cpu.broker })
    if result.latency != nil {
      result.latency = Latency(
        p50: of { $0.latency?.p50 ?? 0 }, p99: of { $0.latency?.p99 ?? 0 }, max: of { $0.latency?.max ?? 0 })
    }
    return result
  }

  /// The middle of some figures, of which there is at least one.
  static func median(_ figures: [Double]) -> Double {
    let sorted = figures.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  var description: String {
    var parts = [
      "\(linksPerSecond.rounded(0)) links/s", "\(cpu.subject.rounded(1)) µs/link", "\(memory.rounded(0)) MB",
    ]
    if let latency {
      parts.append("p50 \(latency.p50.rounded(1)) p99 \(latency.p99.rounded(1)) max \(latency.max.rounded(1)) ms")
    }
    parts.append(
      "beside it, µs/link: load \(cpu.load.rounded(0)), emulator \(cpu.emulator.rounded(0)), broker \(cpu.broker.rounded(0))"
    )
    return parts.joined(separator: ", ")
  }
}

extension Double {
  /// In decimal with so many places.
  func rounded(_ places: Int) -> String {
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let whole = (magnitude * scale).rounded()
    let sign = self < 0 && whole > 0 ? "-" : ""
    guard places > 0 else { return sign + String(Int64(whole)) }
    let fraction = String(Int64(whole) % Int64(scale))
    return sign + "\(Int64(whole) / Int64(scale))." + String(repeating: "0", count: places - fraction.count) + fraction
  }
}
