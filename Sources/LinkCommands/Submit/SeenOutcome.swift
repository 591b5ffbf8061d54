import LinkCore

/// An event of the outcomes topic, as far as somebody who waits wants to know it; nothing of a token.
struct SeenOutcome {
  /// What it says.
  var kind: Kind
  /// Whose request it answers.
  var requestID: Text?, requestSource: Text?
  /// Which link.
  var key: LinkKey?
  /// What was granted; nil where it cannot be read.
  var scope: LinkScope?
  /// 0, or the number of the replay.
  var replay: Int64
  /// The event's own id and source, and when it was decided.
  var id: Text?, source: Text?, time: Timestamp?

  /// What an outcome says.
  enum Kind: Hashable {
    case tokenReady(expiresAt: String?, attempts: Int64?)
    case failed(code: String, detail: String?, attempts: Int64?)
    case refused(code: String, detail: String?)
  }

  /// Reads a record; nil for one that is no outcome.
  init?(_ record: SourceRecord) {
    guard let value = record.value, let event = try? JSONValue(parsing: value, rootLevel: 0), let data = event["data"],
      let type = event["type"]?.text.flatMap({ EventType(rawValue: $0.string) })
    else { return nil }
    let code = data["error"]?["code"]?.text?.string ?? "?"
    let detail = (data["error"]?["detail"] ?? data["error"]?["message"])?.text?.string
    let attempts = data["attempts"]?.integer
    switch type {
    case .tokenReady:
      kind = .tokenReady(expiresAt: data["expiresAt"]?.text?.string, attempts: attempts)
    case .failed: kind = .failed(code: code, detail: detail, attempts: attempts)
    case .refused: kind = .refused(code: code, detail: detail)
    case .requested, .replayRequested: return nil
    }
    requestID = data["requestId"]?.text
    requestSource = data["requestSource"]?.text
    if let userId = data["userId"]?.integer, let idempotencyKey = data["idempotencyKey"]?.text {
      key = LinkKey(userId: userId, idempotencyKey: idempotencyKey)
    }
    scope = Self.scope(data)
    replay = data["replay"]?.integer ?? 0
    id = event["id"]?.text
    source = event["source"]?.text
    time = event["time"]?.text.flatMap { Timestamp(rfc3339: $0.utf8) }
  }

  private static func scope(_ data: JSONValue) -> LinkScope? {
    guard let names = data["brokerNames"] else { return nil }
    let accounts: LinkScope.Accounts
    if data["allAccounts"]?.boolean == true {
      accounts = .all
    } else if let list = data["ctidTraderAccountIds"] {
      accounts = .some(list.children.compactMap(\.integer))
    } else {
      return nil
    }
    return LinkScope(
      brokerNames: names.children.compactMap(\.text), accounts: accounts, isVerified: data["isVerified"]?.boolean)
  }
}
