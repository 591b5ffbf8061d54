/// How many calls at once the adapter bears, found out from its answers: between 1 and `adapter.concurrency`.
///
/// The gradient algorithm of Envoy's adaptive concurrency filter (which took it from Netflix's concurrency-limits, 2018): what a round of answers
/// is like is compared with a *baseline*, measured while few calls were under way, and the limit shrinks by the ratio. Chosen over AIMD and
/// Vegas because both take for overload what has nothing to do with how many calls there are: an adapter that is slow, or whose answer times vary, or that
/// fails for some users all the time, does so with few calls as well, and then it is in the baseline. To it the following is added.
/// - **Failures** that speak of capacity are compared with their baseline in the same way: the limit shrinks only where their share has grown by more than
///   chance explains, and only where they are of several users.
/// - **Slow start** (RFC 5681, 3.1): from a few calls the limit doubles each round up to a threshold, and goes on by its square root.
/// - The baseline is measured anew, from a quarter of the limit on, every so often where the limit binds (BBR's ProbeRTT has the same
///   reason): else a lasting overload would become the baseline.
/// - A call that takes far longer than a round's median holds no place: some that hang must not keep all others from being made.
struct ConcurrencyLimit: Sendable {
  /// The limit of the first round.
  static let initial = 4
  /// Answers of a round: as many as the limit, within these.
  static let roundSize = 20...100
  /// A failure counts where a round has them of so many users.
  static let userThreshold = 3
  /// An answer time is no sign up to 1.5 times the baseline's and this: so much the worker's own threads add on a busy machine.
  static let latencyAllowance: Milliseconds = 50
  /// A share of failures is no sign up to the baseline's, this, and two standard errors.
  static let failureAllowance = 0.1
  /// The least time between two measurements of the baseline; more where the adapter is slow, for one takes some answers' time.
  static let baselineLife: Milliseconds = 30_000

  /// `adapter.concurrency`.
  let ceiling: Int
  /// Calls that may be under way.
  private(set) var limit: Int
  /// Up to where the limit doubles.
  private var threshold: Int
  private var baseline: Baseline?
  private var round = Round(began: 0)
  /// Calls that hold a place, and the order in which they began; those that are answered leave it late.
  private var open: Set<UInt64> = []
  private var order: Deque<(call: UInt64, began: Milliseconds)> = Deque()

  private struct Baseline: Sendable {
    var latency: Milliseconds?
    var failureCount: Int
    var answerCount: Int
    var measuredAt: Milliseconds

    /// With Laplace's correction: none of twenty does not mean never.
    var failureShare: Double { Double(failureCount + 1) / Double(answerCount + 2) }
  }

  /// Answers to calls that began since the limit was last looked at.
  private struct Round: Sendable {
    var began: Milliseconds
    var latencies: [Milliseconds] = []
    var otherCount = 0
    var failureCount = 0
    var failingUsers: Set<Int64> = []
    /// Whether the limit held a call back.
    var isFull = false

    var answerCount: Int { latencies.count + otherCount + failureCount }
  }

  /// A limit that begins low.
  init(ceiling: Int) {
    self.ceiling = ceiling
    limit = min(Self.initial, ceiling)
    threshold = ceiling
  }

  /// Begins anew, for the adapter has: it was down, or refused everybody.
  mutating func restart(uptime: Milliseconds) {
    limit = min(Self.initial, ceiling)
    threshold = ceiling
    baseline = nil
    round = Round(began: uptime)
  }

  /// Whether one more call may be made now; notes that one was held back where not.
  mutating func admits(uptime: Milliseconds) -> Bool {
    dropHanging(uptime: uptime)
    guard open.count >= limit else { return true }
    round.isFull = true
    return false
  }

  /// When the first call that hangs gives its place up, where all places are taken.
  var nextRelease: Milliseconds? { open.count < limit ? nil : order.first.map { $0.began + patience } }

  /// Notes a call that was made.
  mutating func noteCall(_ call: UInt64, uptime: Milliseconds) {
    open.insert(call)
    order.append((call, uptime))
  }

  private mutating func dropHanging(uptime: Milliseconds) {
    while let first = order.first, !open.contains(first.call) || uptime - first.began >= patience {
      open.remove(order.removeFirst().call)
    }
  }

  /// How long a call holds a place: several times as long as one that tells of overload.
  private var patience: Milliseconds { 4 * (baseline?.latency.map(tolerated) ?? 250) }

  /// The longest median that is no sign of overload.
  private func tolerated(_ latency: Milliseconds) -> Milliseconds { latency * 3 / 2 + Self.latencyAllowance }

  /// Notes what became of a call that began at `began`.
  mutating func noteAnswer(
    _ call: UInt64, _ sign: CapacitySign, of userId: Int64, began: Milliseconds, uptime: Milliseconds
  ) {
    open.remove(call)
    guard began >= round.began else { return }
    switch sign {
    case .served: round.latencies.append(uptime - began)
    case .answered: round.otherCount += 1
    case .overloaded:
      round.failureCount += 1
      if round.failingUsers.count < Self.userThreshold { round.failingUsers.insert(userId) }
    case .silent: return
    }
    let size = min(max(limit, Self.roundSize.lowerBound), Self.roundSize.upperBound)
    if round.answerCount >= size { endRound(uptime: uptime) }
  }

  private mutating func endRound(uptime: Milliseconds) {
    let ended = round
    let median = ended.latencies.isEmpty ? nil : ended.latencies.sorted()[ended.latencies.count / 2]
    round = Round(began: uptime)
    // Few users' failures are those users'.
    let failureCount = ended.failingUsers.count < Self.userThreshold ? 0 : ended.failureCount
    guard var known = baseline else {
      baseline = Baseline(
        latency: median, failureCount: failureCount, answerCount: ended.answerCount, measuredAt: uptime)
      if ended.isFull { grow() }
      return
    }
    let gradient = min(
      latencyGradient(median, known), failureGradient(failureCount, of: ended.answerCount, known))
    known.latency = [known.latency, median].compactMap(\.self).min()
    baseline = known
    if gradient < 1 {
      limit = max(min(Int(Double(limit) * max(gradient, 0.5)), limit - 1), 1)
      threshold = limit
    } else if ended.isFull {
      grow()
    }
    if ended.isFull, limit < ceiling || known.failureShare > Self.failureAllowance,
      uptime - known.measuredAt >= max(Self.baselineLife, 100 * (median ?? 0))
    {
      measureBaseline(uptime: uptime + (median ?? known.latency ?? 0))
    }
  }

  private mutating func grow() {
    let step = limit < threshold ? min(limit, threshold - limit) : Int(Double(limit).squareRoot())
    limit = min(limit + step, ceiling)
  }

  /// The next round tells what the adapter is like with few calls; `from` is when those that are under way will have been answered.
  private mutating func measureBaseline(uptime from: Milliseconds) {
    threshold = limit
    limit = max(limit / 4, 1)
    baseline = nil
    round.began = from
  }

  private func latencyGradient(_ median: Milliseconds?, _ known: Baseline) -> Double {
    guard let median, let limit = known.latency.map(tolerated), median > limit else { return 1 }
    return Double(limit) / Double(median)
  }

  /// Two shares differ by more than chance where they are two standard errors apart (the two-proportion z-test).
  private func failureGradient(_ failureCount: Int, of answerCount: Int, _ known: Baseline) -> Double {
    guard failureCount > 0 else { return 1 }
    let (share, usual) = (Double(failureCount) / Double(answerCount), known.failureShare)
    let variance = usual * (1 - usual) * (1 / Double(answerCount) + 1 / Double(known.answerCount))
    guard share > usual + Self.failureAllowance + 2 * variance.squareRoot() else { return 1 }
    return (1 - share) / (1 - usual)
  }
}

/// What an answer tells of how much the adapter bears.
enum CapacitySign: Sendable {
  /// A token: how long it took can be compared.
  case served
  /// A no, which may take any time.
  case answered
  /// It could not take the call, or took too long.
  case overloaded
  /// Nothing: a fault of the adapter's own, or a refused credential.
  case silent

  /// What this answer tells.
  init(_ judgement: Judgement) {
    self =
      switch judgement {
      case .succeeded: .served
      case .rejected, .notYet: .answered
      case .unsent, .ambiguous: .overloaded
      case .transient(let status, _): [408, 429, 502, 503, 504].contains(status) ? .overloaded : .silent
      case .credential, .forbidden: .silent
      }
  }
}
