@testable import LinkCore

/// An adapter that serves so many calls at once, and a worker with more to ask than it ever gets answered; time passes by milliseconds.
struct AdapterModel {
  /// Calls that are served at once; those beyond wait, or are refused.
  var capacity = Int.max
  /// Whether what is beyond is answered 503 at once.
  var refuses = false
  /// How long a call takes once it is served, of this user.
  var latency: (Int64, inout SeededRandom) -> Milliseconds = { _, _ in 100 }
  /// Users whose calls all end in a 503.
  var fails: (Int64) -> Bool = { _ in false }
  var users: Int64 = 1000

  var limit: ConcurrencyLimit
  private(set) var uptime: Milliseconds = 0
  /// Calls under way, and the most that there ever were.
  private(set) var openCount = 0
  private(set) var peak = 0
  /// Calls that brought a token.
  private(set) var servedCount = 0
  private var random = SeededRandom(seed: 5)
  private var waiting: Deque<Call> = Deque()
  private var serving = 0
  private var ends: [Milliseconds: [(call: Call, sign: CapacitySign, held: Bool)]] = [:]
  private var lastCall: UInt64 = 0

  private struct Call {
    var id: UInt64
    var user: Int64
    var began: Milliseconds
  }

  init(ceiling: Int) { limit = ConcurrencyLimit(ceiling: ceiling) }

  /// Lets time pass; the mean of the limit meanwhile.
  @discardableResult
  mutating func pass(_ milliseconds: Milliseconds, each: (AdapterModel) -> Void = { _ in }) -> Double {
    var sum = 0
    for _ in 0..<milliseconds {
      uptime += 1
      for (call, sign, held) in ends.removeValue(forKey: uptime) ?? [] { end(call, sign, held) }
      serve()
      while openCount < limit.ceiling, limit.admits(uptime: uptime) { begin() }
      sum += limit.limit
      each(self)
    }
    return Double(sum) / Double(milliseconds)
  }

  private mutating func begin() {
    lastCall += 1
    let call = Call(id: lastCall, user: Int64.random(in: 1...users, using: &random), began: uptime)
    limit.noteCall(call.id, uptime: uptime)
    openCount += 1
    peak = max(peak, openCount)
    guard refuses, serving >= capacity else {
      waiting.append(call)
      return serve()
    }
    ends[uptime + 5, default: []].append((call, .overloaded, false))
  }

  private mutating func serve() {
    while serving < capacity, !waiting.isEmpty {
      let call = waiting.removeFirst()
      serving += 1
      let took = max(latency(call.user, &random), 1)
      // What takes longer than `adapter.timeout.ms` is lost.
      let sign: CapacitySign = took > 5000 || fails(call.user) ? .overloaded : .served
      ends[uptime + min(took, 5000), default: []].append((call, sign, true))
    }
  }

  private mutating func end(_ call: Call, _ sign: CapacitySign, _ held: Bool) {
    if held { serving -= 1 }
    openCount -= 1
    if case .served = sign { servedCount += 1 }
    limit.noteAnswer(call.id, sign, of: call.user, began: call.began, uptime: uptime)
  }
}
