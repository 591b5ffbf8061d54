import Testing

@testable import LinkCore

@Suite("Which noes are worth another try")
struct AnswerRulesTests {
  private let rules = AnswerRules(transientStatuses: [409, 401, 403], transientErrmsgs: ["Try Again", "zu viele"])

  @Test(
    "A status or an errmsg that the settings name makes a no transient, and nothing else",
    arguments: [
      (409, "", Attempt.Verdict.transient), (410, "", .rejected), (409, #"{"s":"error","errmsg":"no"}"#, .transient),
      (200, #"{"s":"error","errmsg":"Busy: please TRY AGAIN."}"#, .transient),
      (404, #"{"s":"error","errmsg":"ZU VIELE Anfragen"}"#, .transient),
      (200, #"{"s":"error","errmsg":"try  again"}"#, .rejected), (200, #"{"s":"error"}"#, .rejected),
      (200, #"{"s":"error","errmsg":7}"#, .rejected),
    ])
  func named(_ status: Int, _ body: String, _ verdict: Attempt.Verdict) {
    #expect(judge(status, body).verdict == verdict)
  }

  @Test(
    "What stands above in the classification is not theirs to change",
    arguments: [
      (401, #"{"s":"error","errmsg":"try again"}"#, Attempt.Verdict.credential),
      (403, #"{"s":"error","errmsg":"try again"}"#, .forbidden), (307, #"{"s":"ok","d":"t"}"#, .credential),
      (409, #"{"s":"ok","d":"t"}"#, .succeeded), (500, #"{"s":"ok","d":"t"}"#, .succeeded),
      (401, #"{"s":"ok","d":"t"}"#, .succeeded), (200, "try again", .ambiguous), (200, #"{"s":"ok"}"#, .ambiguous),
      (503, #"{"s":"error","errmsg":"no"}"#, .transient), (429, #"{"s":"error","errmsg":"no"}"#, .transient),
    ])
  func above(_ status: Int, _ body: String, _ verdict: Attempt.Verdict) {
    #expect(judge(status, body).verdict == verdict)
  }

  @Test("A no that is made transient keeps its Retry-After")
  func retryAfter() {
    guard case .notYet(409, nil, .delay(7000)) = judge(409, "") else {
      Issue.record("It is \(judge(409, "")).")
      return
    }
  }

  @Test("Only so much of an errmsg is looked at")
  func long() {
    let far = String(repeating: "x", count: AnswerRules.errmsgLimit) + "try again"
    #expect(!rules.isTransient(status: 200, errmsg: far))
    #expect(rules.isTransient(status: 200, errmsg: String(far.dropFirst(9))))
  }

  private func judge(_ status: Int, _ body: String) -> Judgement {
    Judgement(.response(status: status, body: Secret(Array(body.utf8)), retryAfter: .delay(7000)), rules)
  }
}
