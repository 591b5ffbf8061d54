import LinkCore
import LinkSandbox

/// One row of the classification: what the adapter answers, how that is judged, and what becomes of the link.
struct AnswerRow: Sendable {
  var name: String
  /// What goes wrong with the user's calls, and with how many of them; nil: with all.
  var failure: EmulatorRule.Failure?
  var failFirst: Int?
  /// How each of the calls is judged, in order, and the first one's status.
  var verdicts: [Attempt.Verdict]
  var status: Int?
  var end: End
  /// The least time between the first call and the second.
  var wait: ClosedRange<Milliseconds>?

  /// What is published; `attempts` is what the event says.
  enum End: Equatable, Sendable {
    case token(attempts: Int64)
    case failed(FailureCode, attempts: Int64)
  }

  /// What a worker is told so that the rows hold.
  static let settings = [
    "retry.max.after.ms": "3000", "retry.ambiguous.attempts": "3", "adapter.transient.status": "409",
    "adapter.transient.errmsg": "please try again", "adapter.timeout.ms": "4000", "adapter.connect.timeout.ms": "4000",
  ]

  /// Those that are a no, those that pass, and those that leave it open whether a token was made: mixed, so that the adapter shows life.
  static func all(date: String) -> [AnswerRow] {
    let noes = [
      no("s = error", .rejected(errmsg: "unknown broker"), 200), no("400", .status(400), 400),
      no("404", .status(404), 404),
      no("422", .status(422), 422),
    ]
    var passing = [408, 425, 429, 500, 502, 503, 504].map { passes("\($0)", .status($0), $0) }
    passing += [
      passes("a status that the settings call transient", .status(409), 409),
      passes("an errmsg that the settings call transient", .rejected(errmsg: "Busy. PLEASE TRY AGAIN later."), 200),
      passes("429, Retry-After: 2", .status(429, retryAfter: "2"), 429, wait: 2000...2300),
      passes("503, Retry-After: a date", .status(503, retryAfter: date), 503),
      passes("429, Retry-After: 99999999999", .status(429, retryAfter: "99999999999"), 429, wait: 3000...3400),
      passes(
        "503, Retry-After in the year 9999", .status(503, retryAfter: "Fri, 31 Dec 9999 23:59:59 GMT"), 503,
        wait: 3000...3400),
      passes("429, Retry-After: soon", .status(429, retryAfter: "soon"), 429, wait: 0...1500),
    ]
    let open = EmulatorRule.Fault.allCases.filter { $0 != .garbage }.map { fault in
      AnswerRow(
        name: fault.rawValue, failure: .fault(fault), failFirst: 1, verdicts: [.ambiguous, .succeeded],
        // Garbage is a whole answer; of the others the status never counts.
        status: [.notJSON, .noS, .empty].contains(fault) ? 200 : nil, end: .token(attempts: 2))
    }
    return [
      AnswerRow(name: "a token", verdicts: [.succeeded], status: 200, end: .token(attempts: 1)),
      AnswerRow(
        name: "lost each time", failure: .fault(.lost), verdicts: [.ambiguous, .ambiguous, .ambiguous],
        end: .failed(.ambiguousExhausted, attempts: 3)),
    ] + noes + passing + open
  }

  private static func no(_ name: String, _ failure: EmulatorRule.Failure, _ status: Int) -> AnswerRow {
    AnswerRow(
      name: name, failure: failure, verdicts: [.rejected], status: status, end: .failed(.adapterRejected, attempts: 1))
  }

  private static func passes(
    _ name: String, _ failure: EmulatorRule.Failure, _ status: Int, wait: ClosedRange<Milliseconds>? = nil
  ) -> AnswerRow {
    AnswerRow(
      name: name, failure: failure, failFirst: 1, verdicts: [.transient, .succeeded], status: status,
      end: .token(attempts: 2), wait: wait)
  }
}
