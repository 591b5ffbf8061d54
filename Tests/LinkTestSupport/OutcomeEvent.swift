public import LinkCore

/// A record of the outcomes topic, read as a client area reads it.
public struct OutcomeEvent: Sendable {
  /// The record.
  public var record: SourceRecord
  /// The whole event.
  public var json: JSONValue
  /// What is under `data`.
  public var data: JSONValue
  /// The event's id.
  public var id: String
  /// As in `link-account.failed.v1`.
  public var type: String

  /// Reads a record; throws for one that is no event of the three types.
  public init(_ record: SourceRecord) throws {
    self.record = record
    json = try JSONValue(parsing: record.value ?? [], rootLevel: 0)
    guard let data = json["data"], let id = json["id"]?.text, let type = json["type"]?.text else {
      throw Missing("An event in \(String(decoding: record.value ?? [], as: UTF8.self))")
    }
    self.data = data
    self.id = id.string
    self.type = type.string
  }

  /// Whether it is of a type, as in `failed`.
  public func isA(_ kind: String) -> Bool { type == "link-account.\(kind).v1" }

  /// The request that it answers.
  public var requestID: String { data["requestId"]?.text?.string ?? "" }
  /// The user, where the request said one.
  public var userID: Int64? { data["userId"]?.integer }
  /// The link's key, where it could be read.
  public var idempotencyKey: String? { data["idempotencyKey"]?.text?.string }
  /// The link that it is about; nil where it cannot be read.
  public var linkKey: LinkKey? {
    guard let userID, let idempotencyKey else { return nil }
    return LinkKey(userId: userID, idempotencyKey: Text(idempotencyKey))
  }
  /// The accounts that it is about.
  public var accounts: [Int64] { data["ctidTraderAccountIds"]?.children.compactMap(\.integer) ?? [] }
  /// Of `failed` and `refused`.
  public var code: String? { data["error"]?["code"]?.text?.string }
  /// Of `token-ready`.
  public var token: Secret? { data["token"]?.text.map { Secret($0.utf8) } }
  /// Calls that counted, of `token-ready` and `failed`.
  public var attempts: Int64? { data["attempts"]?.integer }

  /// The value of a header of the record.
  public func header(_ name: String) -> String? {
    record.headers.first { $0.name == Array(name.utf8) }?.value.map { String(decoding: $0, as: UTF8.self) }
  }
}
