import LinkCore
import LinkCrypto

/// Random words of the domain: every field takes its extremes as well as ordinary values.
extension SeededRandom {
  mutating func link() -> Link {
    let request = request()
    let state: Link.State =
      switch Int.random(in: 0..<3, using: &self) {
      case 0: .scheduled(due: moment())
      case 1: .succeeded(at: moment())
      default: .failed(at: moment(), code: FailureCode.allCases.randomElement(using: &self) ?? .adapterRejected)
      }
    var hasEnded = false
    if case .succeeded = state { hasEnded = true }
    return Link(
      key: request.key, fingerprint: digest(), state: state, request: hasEnded ? nil : request,
      origin: Link.Origin(
        partition: once(in: 4) ? .max : .random(in: 0..<12, using: &self), offset: number(), timestamp: moment()),
      attemptCount: .random(in: 0...100, using: &self), ambiguousCount: .random(in: 0...100, using: &self),
      attempts: list(0...Link.attemptLimit) { $0.attempt() },
      replay: once(in: 5) ? .max : .random(in: 0...3, using: &self),
      replays: list(0...4) { random in
        Link.AcceptedReplay(id: random.text(), at: random.moment(), reason: random.text(), operator: random.text())
      })
  }

  mutating func request() -> LinkRequest {
    LinkRequest(
      id: text(), source: text(), userId: number(), idempotencyKey: text(), scope: scope(),
      deadline: once(in: 2) ? moment() : nil, context: once(in: 2) ? context() : nil,
      trace: TraceContext(
        traceparent: once(in: 2) ? "00-0af7-b7ad-01" : nil, tracestate: once(in: 2) ? #"a="b\c""# : nil))
  }

  mutating func scope() -> LinkScope {
    LinkScope(
      brokerNames: list(1...5) { $0.text() }, accounts: once(in: 3) ? .all : .some(list(1...5) { $0.number() }),
      isVerified: [nil, true, false].randomElement(using: &self) ?? nil)
  }

  mutating func attempt() -> Attempt {
    Attempt(
      at: moment(), verdict: Attempt.Verdict.allCases.randomElement(using: &self) ?? .unsent,
      status: once(in: 2) ? .random(in: 100...999, using: &self) : nil, wait: once(in: 2) ? number() : nil)
  }

  mutating func digest() -> Digest { sha256(withUnsafeBytes(of: next()) { Array($0) }) }

  mutating func text() -> Text {
    let pieces = [
      "a", "é", "e\u{301}", "\"", "\\", "/", "\n", "\0", "\u{1F}", "\u{7F}", "\u{85}", "\u{2028}", "😀", "\u{10FFFF}",
      "{", "northwind",
    ]
    return Text(list(1...6) { pieces.randomElement(using: &$0) ?? "" }.joined())
  }

  mutating func number() -> Int64 {
    switch Int.random(in: 0..<4, using: &self) {
    case 0: .max
    case 1: 1
    case 2: .random(in: 1...100_000, using: &self)
    default: .random(in: 1...Int64.max, using: &self)
    }
  }

  mutating func moment() -> Timestamp {
    switch Int.random(in: 0..<8, using: &self) {
    case 0: Timestamp(milliseconds: .max)
    case 1: Timestamp(milliseconds: .min)
    case 2: Timestamp(milliseconds: 0)
    default: Timestamp(milliseconds: .random(in: -1_000_000...4_000_000_000_000, using: &self))
    }
  }

  mutating func context() -> [UInt8] {
    let contexts = [
      "{}", "{ }", #"{"a":1.50,"b":1e999,"c":[null,true]}"#, "{\r\n\t\"\\u0061\" : \"\\ud83d\\ude00\u{E9}\" }",
      #"{"v":2,"kind":"x","request":{}}"#,
    ]
    return Array((contexts.randomElement(using: &self) ?? "{}").utf8)
  }

  mutating func list<Element>(_ count: ClosedRange<Int>, _ element: (inout SeededRandom) -> Element) -> [Element] {
    var elements: [Element] = []
    for _ in 0..<Int.random(in: count, using: &self) { elements.append(element(&self)) }
    return elements
  }
}
