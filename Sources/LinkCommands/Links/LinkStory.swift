import LinkCore
import LinkOps

/// All that the state topic knows of one link, and what happens next. Pure.
struct LinkStory {
  /// The link.
  let link: Link
  /// The calendar's time.
  let now: Timestamp

  /// For people: a word and what it says on each line.
  var text: [String] {
    var lines = [
      Self.line("link", Self.plain(link.key.description)), Self.line("state", state),
      Self.line("asked", origin),
    ]
    if let request = link.request { lines += text(of: request) }
    lines.append(Self.line("calls", calls))
    lines += link.attempts.map { Self.line("", Self.text(of: $0)) }
    let first = link.replay - link.replays.count + 1
    for (index, replay) in link.replays.enumerated() {
      lines.append(Self.line(index == 0 ? "replays" : "", Self.text(of: replay, number: first + index)))
    }
    for (index, sentence) in next.enumerated() { lines.append(Self.line(index == 0 ? "next" : "", sentence)) }
    return lines
  }

  /// For programs: one object.
  var json: JSONWriter {
    var json = JSONWriter(capacity: 1024)
    json.beginObject()
    json.members(of: link)
    if let request = link.request {
      json.name("request")
      json.beginObject()
      json.member("id", request.id)
      json.member("source", request.source)
      json.scope(request.scope)
      json.member("deadline", request.deadline)
      json.member("contextBytes", request.context.map { Int64($0.count) })
      json.endObject()
    }
    json.objects("history", link.attempts) { json, attempt in
      json.member("at", attempt.at)
      json.member("verdict", attempt.verdict.rawValue)
      json.member("status", attempt.status.map { Int64($0) })
      json.member("wait", attempt.wait)
    }
    json.objects("replays", link.replays) { json, replay in
      json.member("id", replay.id)
      json.member("at", replay.at)
      json.member("operator", replay.operator)
      json.member("reason", replay.reason)
    }
    json.name("next")
    json.beginObject()
    switch link.state {
    case .scheduled(let due):
      json.member("action", "attempt")
      json.member("at", due)
      json.member("deadline", link.request?.deadline)
    case .succeeded: json.member("action", "none")
    case .failed(_, let code):
      json.member("action", "none")
      json.member("replayCanHelp", EventError(failure: code).retryable)
      json.member("command", replayCommand)
    }
    json.endObject()
    json.endObject()
    return json
  }

  /// What happens next, in sentences for people.
  var next: [String] {
    switch link.state {
    case .scheduled(let due):
      let attempt =
        due > now
        ? "next attempt in \((due - now).forPeople) (at \(due.rfc3339))"
        : "due for \((now - due).forPeople) (since \(due.rfc3339)): the worker that has partition \(link.origin.partition) takes it once it may; "
          + "it waits where none runs, the adapter is down or slow, or the credential is refused"
      return [attempt] + deadline
    case .succeeded:
      return [
        "ended: its token-ready event stands in the outcomes topic as long as that keeps it; the token is kept nowhere else"
      ]
    case .failed(_, let code):
      let help =
        EventError(failure: code).retryable ? "a replay can help" : "a replay can help only once the cause is mended"
      return ["ended: it is not tried again by itself", "\(help): \(CommandFailure.Line.inOneLine(replayCommand))"]
    }
  }

  /// By when a link that waits has to have its token.
  private var deadline: [String] {
    guard let deadline = link.request?.deadline else {
      return ["where no token comes in time, it fails at the workers' retry.deadline.ms (deadline_exceeded)"]
    }
    return deadline > now
      ? [
        "where no token has come by then, it fails at \(deadline.rfc3339), in \((deadline - now).forPeople) (deadline_exceeded)"
      ]
      : ["its deadline \(deadline.rfc3339) has passed: it fails, without a call, once it is taken (deadline_exceeded)"]
  }

  private var replayCommand: String {
    "linkworker replay --reason '…' \(quotedForShell(link.key.description))"
  }

  private var state: String {
    switch link.state {
    case .scheduled: "scheduled"
    case .succeeded(let at): "succeeded at \(moment(at))"
    case .failed(let at, let code):
      "failed at \(moment(at)): \(code.rawValue). \(EventError(failure: code).message)"
    }
  }

  /// `2026-01-02T03:04:05.678Z, 3 min ago`
  private func moment(_ moment: Timestamp) -> String { "\(moment.rfc3339), \((now - moment).forPeople) ago" }

  private var origin: String {
    let place = "partition \(link.origin.partition), offset \(link.origin.offset), of \(moment(link.origin.timestamp))"
    guard let request = link.request else { return "in \(place)" }
    return "by request \(Self.whole(request.id)) from \(Self.whole(request.source)), in \(place)"
  }

  private func text(of request: LinkRequest) -> [String] {
    let accounts =
      switch request.scope.accounts {
      case .all: "all accounts"
      case .some(let ids): (ids.count == 1 ? "account " : "accounts ") + ids.map(String.init).joined(separator: ", ")
      }
    var lines = [
      Self.line("brokers", request.scope.brokerNames.map(Self.whole).joined(separator: ", ")),
      Self.line("for", accounts + (request.scope.isVerified.map { ", isVerified \($0)" } ?? "")),
    ]
    if let deadline = request.deadline { lines.append(Self.line("deadline", deadline.rfc3339)) }
    if let context = request.context {
      lines.append(Self.line("context", "\(context.count) bytes, which the outcome returns; not shown"))
    }
    return lines
  }

  private var calls: String {
    var text = "\(link.attemptCount) count"
    if link.replay > 0 { text += " since replay \(link.replay)" }
    if link.ambiguousCount > 0 { text += ", of which \(link.ambiguousCount) with their answer lost" }
    if link.attempts.isEmpty { return text }
    return text
      + (link.attempts.count == Link.attemptLimit ? "; the last \(Link.attemptLimit) attempts:" : "; all attempts:")
  }

  private static func text(of attempt: Attempt) -> String {
    let status = attempt.status.map { " (\($0))" } ?? ""
    let wait = attempt.wait.map { ", then a wait of \($0.forPeople)" } ?? ""
    return "\(attempt.at.rfc3339)  \(attempt.verdict.rawValue)\(status)\(wait)"
  }

  private static func text(of replay: Link.AcceptedReplay, number: Int) -> String {
    "\(number) at \(replay.at.rfc3339) by \(plain(replay.operator.string)): \(plain(replay.reason.string))"
  }

  private static func line(_ word: String, _ text: String) -> String {
    word + String(repeating: " ", count: max(0, 10 - word.count)) + text
  }

  private static func plain(_ text: String) -> String { LogText.escaped(text) }

  private static func whole(_ text: Text) -> String { "\"\(LogText.escaped(text.string))\"" }
}
