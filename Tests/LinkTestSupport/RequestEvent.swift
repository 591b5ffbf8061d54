public import LinkCore

/// A link request as a client area would write it, on one line.
public struct RequestEvent: Sendable {
  /// The CloudEvent's id.
  public var id: String
  /// Who asks.
  public var userID: Int64
  /// Which link.
  public var idempotencyKey: String
  /// For which accounts.
  public var accounts: [Int64]
  /// The context as written, or nil.
  public var context: String?
  /// The request's own deadline, or nil.
  public var deadline: Timestamp?

  /// The source of all of them.
  public static let source = "/client-area/test"

  /// A request.
  public init(
    id: String, userID: Int64, idempotencyKey: String, accounts: [Int64], context: String? = nil,
    deadline: Timestamp? = nil
  ) {
    self.id = id
    self.userID = userID
    self.idempotencyKey = idempotencyKey
    self.accounts = accounts
    self.context = context
    self.deadline = deadline
  }

  /// The link that it asks for.
  public var linkKey: LinkKey { LinkKey(userId: userID, idempotencyKey: Text(idempotencyKey)) }

  /// What is under `data`.
  public var data: String {
    let context = context.map { #","context":\#($0)"# } ?? ""
    let deadline = deadline.map { #","deadline":"\#($0.rfc3339)""# } ?? ""
    return #"{"userId":\#(userID),"brokerNames":["northwind"],"ctidTraderAccountIds":[\#(list)],"#
      + #""idempotencyKey":"\#(idempotencyKey)"\#(context)\#(deadline)}"#
  }

  /// The whole event.
  public var structured: String {
    #"{"specversion":"1.0","id":"\#(id)","source":"\#(Self.source)","type":"link-account.requested.v1","data":\#(data)}"#
  }

  /// The record of it, keyed by its user, for the partition that is its home.
  public var record: OutgoingRecord {
    OutgoingRecord(
      topic: .requests, key: Array(String(userID).utf8), value: Array(structured.utf8),
      headers: [Header("content-type", "application/cloudevents+json")])
  }

  /// The headers of its binary mode.
  public var binaryHeaders: [String] {
    [
      "content-type=application/json", "ce_specversion=1.0", "ce_type=link-account.requested.v1",
      "ce_source=\(Self.source)", "ce_id=\(id)",
    ]
  }

  private var list: String { accounts.map(String.init).joined(separator: ",") }
}
