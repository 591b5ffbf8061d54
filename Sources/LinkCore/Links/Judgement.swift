/// An answer of the adapter, judged; of the rules below the first that fits wins.
enum Judgement: Sendable {
  /// `s == "ok"` with a token.
  case succeeded(token: Secret)
  /// Nothing was sent.
  case unsent(reason: String)
  /// Sent, and the answer lost or not to be read: a token may have been made.
  case ambiguous(reason: String)
  /// 401 or a redirect: speaks of the worker's own set-up.
  case credential(status: Int)
  /// 403: the engine decides whether it speaks of the user or of the credential.
  case forbidden
  /// 408, 425, 429, 5xx.
  case transient(status: Int, retryAfter: RetryAfter?)
  /// A no that would be final, but for the rules: the adapter works, and has looked at the request.
  case notYet(status: Int, errmsg: String?, retryAfter: RetryAfter?)
  /// Another 4xx, or `s == "error"`. `errmsg` is the adapter's own text.
  case rejected(status: Int, errmsg: String?)

  /// Judges an answer by itself.
  init(_ answer: AdapterAnswer, _ rules: AnswerRules) {
    switch answer {
    case .unsent(let reason): self = .unsent(reason: reason)
    case .lost(let reason): self = .ambiguous(reason: reason)
    case .response(let status, let body, let retryAfter):
      self = Judgement(status: status, reply: AdapterReply.parse(body), retryAfter: retryAfter)
      if case .rejected(let status, let errmsg) = self, rules.isTransient(status: status, errmsg: errmsg) {
        self = .notYet(status: status, errmsg: errmsg, retryAfter: retryAfter)
      }
    }
  }

  private init(status: Int, reply: AdapterReply, retryAfter: RetryAfter?) {
    switch (status, reply) {
    case (300..<400, _): self = .credential(status: status)
    case (_, .ok(let token)): self = .succeeded(token: token)
    case (401, _): self = .credential(status: status)
    case (403, _): self = .forbidden
    case (408, _), (425, _), (429, _), (500..<600, _): self = .transient(status: status, retryAfter: retryAfter)
    case (400..<500, .error(let errmsg)): self = .rejected(status: status, errmsg: errmsg)
    case (400..<500, .unreadable): self = .rejected(status: status, errmsg: nil)
    case (_, .error(let errmsg)): self = .rejected(status: status, errmsg: errmsg)
    case (_, .unreadable): self = .ambiguous(reason: "answer \(status) is not one of the adapter's")
    }
  }

  /// How the link's history names it, unless the engine knows better.
  var verdict: Attempt.Verdict {
    switch self {
    case .succeeded: .succeeded
    case .unsent: .unsent
    case .ambiguous: .ambiguous
    case .credential: .credential
    case .forbidden: .forbidden
    case .transient, .notYet: .transient
    case .rejected: .rejected
    }
  }
}

extension AdapterAnswer {
  /// The HTTP status, where a whole answer came.
  var status: Int? {
    switch self {
    case .response(let status, _, _): status
    case .unsent, .lost: nil
    }
  }
}
