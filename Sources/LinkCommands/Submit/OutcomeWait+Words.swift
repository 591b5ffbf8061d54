import LinkCore
import LinkOps

/// How the requests that were waited for have ended.
struct OutcomeTally {
  /// With a token, or with one that was there before.
  var tokenCount = 0
  /// Failed or refused.
  var otherCount = 0
  /// Not ended.
  var openCount = 0

  /// Counts one.
  mutating func count(_ ending: OutcomeWait.Ending) {
    switch ending {
    case .nothing: openCount += 1
    case .outcome, .known: if ending.isToken { tokenCount += 1 } else { otherCount += 1 }
    }
  }

  /// `outcomes: 8 with a token, 1 without, 0 still open`
  var summary: String { "outcomes: \(tokenCount) with a token, \(otherCount) without, \(openCount) still open" }
}

extension OutcomeWait.Entry {
  /// `user 14601, key "tv-9b1d"`
  var description: String { "user \(key.userId), key \(quoted(key.idempotencyKey.string))" }
}

extension OutcomeWait.Ending {
  /// One word for programs.
  var status: String {
    switch self {
    case .outcome(.tokenReady): "token-ready"
    case .outcome(.failed): "failed"
    case .outcome(.refused): "refused"
    case .known: "already-known"
    case .nothing: "open"
    }
  }

  /// A clause for people.
  var description: String {
    switch self {
    case .outcome(.tokenReady(let expiresAt, let attempts)):
      "token-ready" + (expiresAt.map { " until \(LogText.escaped($0))" } ?? "") + Self.calls(attempts)
    case .outcome(.failed(let code, let detail, let attempts)):
      "failed, \(LogText.escaped(code))" + Self.calls(attempts) + Self.tail(detail)
    case .outcome(.refused(let code, let detail)): "refused, \(LogText.escaped(code))" + Self.tail(detail)
    case .known(let state): "already known: \(Self.words(state)); a duplicate has no event of its own"
    case .nothing(.present(let state)): "no outcome yet: \(Self.words(state))"
    case .nothing(.absent): "no outcome yet, and no worker has decided anything of the link"
    case .nothing(.notLooked): "no outcome yet; what is known of the link could not be looked up"
    }
  }

  private static func words(_ state: Link.State) -> String {
    switch state {
    case .scheduled(let due): "the link waits, to be tried at \(due.rfc3339)"
    case .succeeded(let at): "its token was ready at \(at.rfc3339)"
    case .failed(let at, let code): "it failed at \(at.rfc3339), \(code.rawValue)"
    }
  }

  private static func calls(_ count: Int64?) -> String {
    count.map { ", after \($0) \($0 == 1 ? "call" : "calls")" } ?? ""
  }

  private static func tail(_ detail: String?) -> String { detail.map { ": \(LogText.escaped($0, limit: 600))" } ?? "" }
}

extension JSONWriter {
  /// What is told of an ending besides its status. No token, and nothing of one.
  mutating func members(of ending: OutcomeWait.Ending) {
    switch ending {
    case .outcome(.tokenReady(let expiresAt, let attempts)):
      member("expiresAt", expiresAt)
      member("attempts", attempts)
    case .outcome(.failed(let code, let detail, let attempts)):
      member("code", code)
      member("detail", detail)
      member("attempts", attempts)
    case .outcome(.refused(let code, let detail)):
      member("code", code)
      member("detail", detail)
    case .known(let state), .nothing(.present(let state)): members(of: state)
    case .nothing(.absent): member("state", "none")
    case .nothing(.notLooked): member("state", "unknown")
    }
  }
}
