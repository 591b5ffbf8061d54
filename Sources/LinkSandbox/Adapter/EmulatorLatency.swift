import Glibc
import LinkCore

/// How long answers take: always the same, evenly spread over a range, or with the long tail that services have.
struct EmulatorLatency: Sendable {
  private let base: Milliseconds
  private let jitter: Milliseconds
  private let top: Milliseconds?

  private static let limit: Milliseconds = 3_600_000
  /// Where the standard normal distribution has its 99th percentile.
  private static let normal99 = 2.326_347_874

  init(_ configuration: AdapterEmulatorConfiguration) {
    base = configuration.latency
    jitter = configuration.jitter
    top = configuration.latencyTop
  }

  /// The latency of one call; a rule's own `base` takes the place of the emulator's, and of its tail.
  func next(_ random: inout SeededRandom, base given: Milliseconds?) -> Milliseconds {
    guard given == nil, let top, base > 0 else {
      return (given ?? base) + (jitter > 0 ? Int64(random.next() % UInt64(jitter + 1)) : 0)
    }
    let spread = log(Double(top) / Double(base)) / Self.normal99
    return Milliseconds(min(Double(base) * exp(spread * random.normal()), Double(Self.limit)).rounded())
  }
}
