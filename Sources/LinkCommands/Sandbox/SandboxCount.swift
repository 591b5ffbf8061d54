import LinkCore

/// What happened in a sandbox, in numbers.
struct SandboxCount: Sendable {
  /// Records of the requests topic.
  var requests = 0
  /// Requests that made a link or went on with one.
  var links = 0
  /// Calls of the adapter.
  var calls = 0
  /// Requests that were known already.
  var duplicates = 0
  /// Records without a value, or of a type that is passed over.
  var skipped = 0
  private(set) var tokens = 0
  private(set) var moved = 0
  /// Failed links by their code.
  private(set) var failed: [String: Int] = [:]
  /// Refused requests by their code.
  private(set) var refused: [String: Int] = [:]
  /// Dead letters by their reason.
  private(set) var deadLetters: [String: Int] = [:]
  /// From request to outcome, of the last ones.
  private var latencies: [Milliseconds] = []
  private var latencyCount = 0

  private static let latencyLimit = 100_000

  /// Counts what was seen to be committed.
  mutating func take(_ sight: Sight) {
    switch sight {
    case .tokenReady: tokens += 1
    case .failed(let code): failed[code, default: 0] += 1
    case .refused(let code): refused[code, default: 0] += 1
    case .deadLetter(let reason): deadLetters[reason, default: 0] += 1
    case .moved: moved += 1
    case .untoldCalls, .unreadable: break
    }
  }

  /// Keeps how long somebody waited for an answer.
  mutating func noteLatency(_ latency: Milliseconds) {
    if latencies.count < Self.latencyLimit {
      latencies.append(max(latency, 0))
    } else {
      latencies[latencyCount % Self.latencyLimit] = max(latency, 0)
    }
    latencyCount += 1
  }

  /// How many waited, and for how long half of them and 99 of 100 waited at most; nil where nobody did.
  var waits: (count: Int, median: Milliseconds, most: Milliseconds)? {
    guard !latencies.isEmpty else { return nil }
    let sorted = latencies.sorted()
    func rank(_ share: Double) -> Milliseconds {
      sorted[min(sorted.count - 1, max(0, Int((share * Double(sorted.count)).rounded(.up)) - 1))]
    }
    return (sorted.count, rank(0.5), rank(0.99))
  }
}
