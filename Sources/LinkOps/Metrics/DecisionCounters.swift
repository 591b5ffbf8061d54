import LinkCore

/// A kind of decision with a code that it can have; empty where it has none.
struct DecisionCode: Hashable, Sendable {
  var kind: Note.Decided.Kind
  var code: String

  /// All that there are.
  static let all: [DecisionCode] = Note.Decided.Kind.allCases.flatMap { kind in
    codes(of: kind).map { DecisionCode(kind: kind, code: $0) }
  }

  private static func codes(of kind: Note.Decided.Kind) -> [String] {
    switch kind {
    case .failed: FailureCode.allCases.map(\.rawValue)
    case .refused: RefusalCode.allCases.map(\.rawValue)
    case .deadLettered: Malformation.Reason.allCases.map(\.rawValue)
    case .succeeded, .scheduled, .duplicate, .moved, .replayed: [""]
    }
  }
}

/// The decisions' counters, by kind and code.
struct DecisionCounters: Sendable {
  private let counters: [DecisionCode: Counter]

  init() { counters = Dictionary(uniqueKeysWithValues: DecisionCode.all.map { ($0, Counter()) }) }

  /// Counts a decision.
  func add(_ kind: Note.Decided.Kind, _ code: String?) {
    let counter = counters[DecisionCode(kind: kind, code: code ?? "")]
    assert(counter != nil, "\(kind) has a code that the table of metrics does not know: \(code ?? "none")")
    counter?.add()
  }

  /// How many there were of a kind.
  func count(of kind: Note.Decided.Kind) -> Int64 {
    counters.reduce(0) { $1.key.kind == kind ? $0 + $1.value.value : $0 }
  }

  var series: [MetricFamily.Series] {
    DecisionCode.all.compactMap { row in
      counters[row].map { .init(labels: [MetricTable.value(of: row.kind), row.code], source: .counter($0)) }
    }
  }
}
