import LinkCore
import LinkSandbox

/// One record that the worker wrote, as far as somebody who watches wants to know it; never a token.
struct Sighting {
  /// The sample whose it is; nil for somebody else's request.
  var sample: String?
  /// Whose request, for people.
  var request: String
  /// What it says.
  var sight: Sight
  /// Where the request lies that it is about; nil where it does not say.
  var place: LinkRow.Place?
  /// The request that it is about, where it names it.
  var identity: LinkRow.Identity?
  /// The link that it is about, where it names one.
  var key: LinkKey?
  /// The user, where it is an outcome.
  var userId: Int64?
  /// The calls that it tells of.
  var attempts: Int64?
  /// For people: what the sight alone does not tell.
  var detail: String?
}

extension Sighting {
  /// Reads an event of the outcomes topic; `verify` tells what a token really grants.
  init(outcome record: SourceRecord, verify: (Secret) -> TokenClaims?) {
    guard let value = record.value, let event = try? JSONValue(parsing: value), let data = event["data"],
      let type = event["type"]?.text.flatMap({ EventType(rawValue: $0.string) })
    else {
      self.init(request: "outcomes \(record.partition)/\(record.offset)", sight: .unreadable)
      return
    }
    let id = data["requestId"]?.text?.string ?? "?"
    self.init(
      sample: data["requestSource"]?.text?.string == Sample.source ? id : nil, request: id, sight: .unreadable,
      userId: data["userId"]?.integer, attempts: data["attempts"]?.integer,
      detail: data["error"]?["detail"]?.text?.string)
    if let id = data["requestId"]?.text, let source = data["requestSource"]?.text {
      identity = .init(source: source, id: id)
    }
    if let userId, let idempotencyKey = data["idempotencyKey"]?.text {
      key = LinkKey(userId: userId, idempotencyKey: idempotencyKey)
    }
    let code = data["error"]?["code"]?.text?.string ?? "?"
    switch type {
    case .tokenReady:
      let token = data["token"]?.text?.utf8 ?? []
      sight = .tokenReady(
        grant: Self.grant(of: verify(Secret(token)), in: data), attempts: attempts ?? -1)
    case .failed: sight = .failed(code)
    case .refused: sight = .refused(code)
    case .requested, .replayRequested: break
    }
  }

  /// What a token grants, where that is what its event says.
  private static func grant(of claims: TokenClaims?, in data: JSONValue) -> Sight.Grant? {
    guard let claims, claims.userId == data["userId"]?.integer,
      claims.brokerNames == data["brokerNames"]?.children.compactMap(\.text)
    else { return nil }
    let accounts: LinkScope.Accounts =
      data["allAccounts"]?.boolean == true
      ? .all : .some(data["ctidTraderAccountIds"]?.children.compactMap(\.integer) ?? [])
    return claims.accounts == accounts ? .init(userId: claims.userId, accounts: accounts) : nil
  }

  /// Reads a dead letter.
  init(deadLetter record: SourceRecord) {
    func text(_ name: String) -> String? { record.text(of: name) }
    let place = [text("__connect.errors.partition"), text("__connect.errors.offset")].map { $0 ?? "?" }
    self.init(
      sample: record.sampleName, request: "record \(place.joined(separator: "/"))",
      sight: .deadLetter(text("__connect.errors.exception.class.name") ?? "?"),
      detail: text("__connect.errors.exception.message"))
    if let partition = Int32(place[0]), let offset = Int64(place[1]) {
      self.place = .init(partition: partition, offset: offset)
    }
  }

  /// Reads a record of the requests topic; nil unless the worker moved it there.
  init?(moved record: SourceRecord) {
    guard let origin = record.movedFrom else { return nil }
    self.init(
      sample: record.sampleName, request: "record \(record.partition)/\(record.offset)",
      sight: .moved(from: origin.partition, to: record.partition),
      place: .init(partition: record.partition, offset: record.offset))
  }
}

extension SourceRecord {
  /// The sample that it is; nil where somebody else wrote it.
  var sampleName: String? { text(of: Sample.header) }

  /// The last header of this name, which must be text.
  fileprivate func text(of name: String) -> String? {
    headers.last { $0.name.elementsEqual(name.utf8) }?.value.flatMap { Text(utf8: $0)?.string }
  }
}
