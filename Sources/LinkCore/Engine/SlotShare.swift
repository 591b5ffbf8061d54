/// Keeps slots free for users whose calls end (promise P4): those whose last call was sent and never answered have at most half of them together.
///
/// A call that hangs takes its slot for `adapter.timeout.ms`; as many users that hang as there are slots would leave none to anybody else, each time
/// that their backoff ends. A first call is nobody's fault: what hangs for the first time is not known before.
struct SlotShare: Sendable {
  /// How many users are remembered: the latest.
  static let userLimit = 4096

  /// Users whose last call was not answered, with the number of that call.
  private var silent: [Int64: UInt64] = [:]
  /// Their calls under way.
  private var calls: Set<UInt64> = []

  /// Whether a call for this link may take one of so many slots.
  func admits(_ link: Link, slots: Int) -> Bool { !isSilent(link) || calls.count < max(1, slots / 2) }

  /// Notes a call that was made.
  mutating func noteCall(_ call: UInt64, for link: Link) {
    if isSilent(link) { calls.insert(call) }
  }

  /// Notes how it ended.
  mutating func noteEnd(_ call: UInt64, of userId: Int64, _ answer: AdapterAnswer) {
    calls.remove(call)
    switch answer {
    case .lost:
      silent[userId] = call
      // Calls are numbered in their order.
      if silent.count > Self.userLimit, let oldest = silent.min(by: { $0.value < $1.value }) {
        silent[oldest.key] = nil
      }
    case .response: silent[userId] = nil
    case .unsent: break
    }
  }

  /// The link's own history tells as well: memory does not outlive the worker.
  private func isSilent(_ link: Link) -> Bool {
    silent[link.key.userId] != nil || link.attempts.last?.verdict == .ambiguous
  }
}
