import LinkCore
import LinkKafka

/// What has become of every line that was read. Pure; what it remembers of single lines is bounded by what may be on its way at a time.
struct SubmitLedger {
  /// A request on its way.
  struct Pending {
    var line: Int
    var id: Text
    var source: Text
    var key: LinkKey
    /// How much of the input it is, in the input's unit.
    var extent: Int64
  }

  /// Lines read, blank ones included.
  private(set) var readCount = 0
  /// Requests that were not sent, for they are not valid.
  private(set) var rejectedCount = 0
  /// Requests that Kafka refuses for themselves; what comes after them goes on.
  private(set) var refusedCount = 0
  /// Why the first of them was refused.
  private(set) var refusal: KafkaFailure?
  /// Requests that were handed to Kafka's client.
  private(set) var sentCount = 0
  /// Requests that Kafka has.
  private(set) var acknowledgedCount = 0
  /// Lines that nobody acknowledged.
  private(set) var lostLines: [Int] = []
  /// Those of them that Kafka may have all the same.
  private(set) var uncertainLines: [Int] = []
  /// Why the first of them was lost.
  private(set) var failure: KafkaFailure?
  /// How much of the input is on its way.
  private(set) var pendingExtent: Int64 = 0
  private var isHeldBack = false
  private var pending: [Int: Pending] = [:]

  /// Lines whose requests are on their way, rising.
  var pendingLines: [Int] { pending.keys.sorted() }

  /// A line was read.
  mutating func read(_ line: InputLine) { readCount = line.number }

  /// A line that was read will not be sent: as if it had not been read.
  mutating func unread(_ line: InputLine) { readCount = line.number - 1 }

  /// A line is no request that the worker would take.
  mutating func reject() { rejectedCount += 1 }

  /// A request is on its way.
  mutating func send(_ request: Pending) {
    sentCount += 1
    pendingExtent += request.extent
    pending[request.line] = request
  }

  /// What became of a request that was on its way; which it was.
  mutating func settle(_ delivery: KafkaStreamWriter.Delivery) -> Pending? {
    guard let request = pending.removeValue(forKey: delivery.tag) else { return nil }
    pendingExtent -= request.extent
    switch delivery.fate {
    case .written: acknowledgedCount += 1
    case .lost(let failure, _) where failure.refusesRecord: refuse(failure)
    case .lost(let failure, let mayBeWritten):
      lose(request.line, failure)
      if mayBeWritten { uncertainLines.append(request.line) }
    }
    return request
  }

  /// Kafka, or its client, refuses a request for itself.
  mutating func refuse(_ failure: KafkaFailure) {
    refusedCount += 1
    refusal = refusal ?? failure
  }

  /// A line will not be sent, because Kafka or its client does not take it.
  mutating func lose(_ line: Int, _ failure: KafkaFailure) {
    lostLines.append(line)
    // One that was given up when the end was near says nothing of why.
    if self.failure == nil, !failure.name.hasPrefix("_PURGE") { self.failure = failure }
  }

  /// What was read was only checked: nothing of it will be sent.
  mutating func holdBack() { isHeldBack = true }

  /// Up to this line, and no further, every request is acknowledged or was rejected.
  var acknowledgedThrough: Int { isHeldBack ? 0 : lostLines.min().map { $0 - 1 } ?? readCount }

  /// `replay requests of 9 links: 7 sent, 0 rejected, 1 not sent, 1 unknown`. Of what is unknown nobody knows whether Kafka has it.
  func summary(ofLinks count: Int) -> String {
    "replay requests of \(count) \(count == 1 ? "link" : "links"): \(acknowledgedCount) sent, \(rejectedCount + refusedCount) rejected, "
      + "\(unsentCount(ofLinks: count)) not sent, \(uncertainLines.count) unknown"
  }

  /// How many of so many links' requests Kafka does not have, and was not asked to have.
  func unsentCount(ofLinks count: Int) -> Int {
    count - acknowledgedCount - rejectedCount - refusedCount - uncertainLines.count
  }

  /// `read 9 lines: 8 sent, 8 acknowledged, 1 rejected, 0 not acknowledged`
  var summary: String {
    "read \(readCount) \(readCount == 1 ? "line" : "lines"): \(sentCount) sent, \(acknowledgedCount) acknowledged, "
      + "\(rejectedCount + refusedCount) rejected, \(lostLines.count) not acknowledged"
  }
}
