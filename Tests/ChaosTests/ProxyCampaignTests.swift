import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension Chaos {
  /// Faults of the network by chance, one after the other, while requests come.
  @Suite struct ProxyCampaignTests {
    @Test("Through faults of the network by chance each link has one outcome, and no call that nothing explains")
    func campaign() throws {
      let options = try ChaosOptions.fromEnvironment
      let (kafka, proxy) = try Stage.shared
      let stage = try Stage(kafka.bootstrap, proxy)
      try stage.start()
      var random = SeededRandom(seed: options.seed)
      var faults: [String: Int] = [:]
      let began = uptime()
      while uptime() - began < options.seconds ?? 20 {
        let fault = NetworkFault.any(using: &random)
        try fault.happen(to: proxy, among: Int.random(in: 1...40, using: &random), of: stage)
        faults[fault.name, default: 0] += 1
        // Backpressure of the test's own: the worker is to meet the next fault at work, not behind a heap of requests.
        try stage.awaitOutcomes(stage.linkCount - 40)
      }
      proxy.reset()
      let tally = try stage.prove()
      let list = faults.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
      print("network campaign, seed \(options.seed): \(faults.values.reduce(0, +)) faults (\(list)); \(tally)")
    }
  }
}

/// One fault of the network.
private enum NetworkFault {
  /// Something befalls the requests of a kind, or their answers: the last rule; those before it provoke it.
  case rules([ProxyRule])
  /// All connections break.
  case breaking
  /// Nothing goes through for so many seconds.
  case freeze(Double)
  /// Everything takes so much longer for two seconds.
  case latency(Double)
  /// So many bytes a second for two seconds.
  case throughput(Double)

  var name: String {
    switch self {
    case .rules(let rules):
      rules.last.map { rule in
        let kind: String =
          switch rule.fault {
          case .delay: "late"
          case .drop: "lost"
          case .duplicate: "twice"
          case .holdUntil: "held"
          case .refuse: "refused"
          }
        let end = rule.isCommit.map { $0 ? " (commit)" : " (abort)" } ?? ""
        return "\(rule.api)\(end) \(rule.side) \(kind)"
      } ?? ""
    case .breaking: "connections broken"
    case .freeze: "frozen"
    case .latency: "latency"
    case .throughput: "throughput"
    }
  }

  static func any(using random: inout SeededRandom) -> NetworkFault {
    switch Int.random(in: 0..<20, using: &random) {
    case 0: .breaking
    case 1: .freeze(Double.random(in: 0.1...3, using: &random))
    case 2: .latency(Double.random(in: 0.02...0.3, using: &random))
    case 3: .throughput(Double.random(in: 50_000...500_000, using: &random))
    case 4...9: .rules([rule([.endTxn], isCommit: true, &random)])
    case 10...12:
      // As often as it takes: an answer may be lost with a connection that the last fault has broken.
      .rules([
        ProxyRule(.addOffsetsToTxn, .answer, .refuse(30), count: 1_000), rule([.endTxn], isCommit: false, &random),
      ])
    default:
      .rules([
        rule([.produce, .addPartitionsToTxn, .addOffsetsToTxn, .txnOffsetCommit, .fetch], isCommit: nil, &random)
      ])
    }
  }

  private static func rule(_ apis: [KafkaAPI], isCommit: Bool?, _ random: inout SeededRandom) -> ProxyRule {
    let api = apis[Int.random(in: 0..<apis.count, using: &random)]
    let release: KafkaAPI = Bool.random(using: &random) ? .addOffsetsToTxn : .txnOffsetCommit
    switch Int.random(in: 0..<7, using: &random) {
    case 0, 1: return ProxyRule(api, isCommit: isCommit, .answer, .drop, closes: true)
    case 2: return ProxyRule(api, isCommit: isCommit, .request, .drop, closes: true)
    case 3: return ProxyRule(api, isCommit: isCommit, .request, .holdUntil(release))
    case 4:
      let delay = Double.random(in: 0...0.5, using: &random)
      return ProxyRule(api, isCommit: isCommit, .request, .delay(delay), closes: true)
    case 5: return ProxyRule(api, isCommit: isCommit, .request, .duplicate)
    default:
      return ProxyRule(api, isCommit: isCommit, .answer, .delay(Double.random(in: 0...1, using: &random)))
    }
  }

  /// Has it happen among so many new requests, and waits until it has.
  func happen(to proxy: KafkaProxy, among count: Int, of stage: Stage) throws {
    if case .rules(let rules) = self {
      let ids = rules.map(proxy.add)
      try stage.write(count)
      guard let last = ids.last else { return }
      try proxy.awaitHits(of: last, state: { stage.workers.last?.program.tail ?? "" })
      for id in ids { proxy.remove(id) }
      return
    }
    try stage.write(count)
    switch self {
    case .rules: break
    case .breaking: proxy.closeConnections()
    case .freeze(let seconds):
      proxy.freeze()
      try pass(seconds)
      proxy.thaw()
    case .latency(let seconds):
      proxy.setLatency(seconds)
      try pass(2)
      proxy.setLatency(0)
    case .throughput(let rate):
      proxy.setThroughput(rate)
      try pass(2)
      proxy.setThroughput(nil)
    }
  }

  private func pass(_ seconds: Double) throws {
    let began = uptime()
    try awaiting("\(seconds) s") { uptime() - began > seconds }
  }
}
