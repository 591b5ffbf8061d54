import LinkCore

/// One record that a client area writes.
struct PlannedRequest: Sendable {
  /// Names it: its event's id and its trace are made of it.
  var number: Int
  var time: Milliseconds
  var ask: Ask
  /// Where it is written; nil for its home.
  var partition: Int32?
  /// How old its timestamp is.
  var age: Milliseconds = 0
  /// How often the same bytes are written.
  var copies = 1

  enum Ask: Sendable, Equatable {
    case link(user: Int64, key: Int, account: Int64, deadline: Milliseconds?)
    case replay(user: Int64, key: Int)
    /// Not a valid request; whether its id and source can be read.
    case malformed(user: Int64, readable: Bool)
    /// A record without a value.
    case empty
  }

  var user: Int64 {
    switch ask {
    case .link(let user, _, _, _), .replay(let user, _), .malformed(let user, _): user
    case .empty: 1
    }
  }

  /// The link that it is about, where it is about one.
  var link: LinkKey? {
    switch ask {
    case .link(let user, let key, _, _), .replay(let user, let key):
      LinkKey(userId: user, idempotencyKey: Text("k\(key)"))
    case .malformed, .empty: nil
    }
  }

  var id: String { "r\(number)" }

  /// The record as it is written at a moment.
  func record(partition: Int32, at wall: Timestamp) -> SourceRecord {
    SourceRecord(
      partition: partition, offset: 0, timestamp: wall + -age, key: Array(String(user).utf8), value: value(at: wall))
  }

  private func value(at wall: Timestamp) -> [UInt8]? {
    let head = #"{"specversion":"1.0","id":"\#(id)","source":"/area","traceparent":"\#(trace)","#
    let text: String
    switch ask {
    case .link(let user, let key, let account, let deadline):
      let limit = deadline.map { #","deadline":"\#((wall + $0).rfc3339)""# } ?? ""
      text =
        head + #""type":"link-account.requested.v1","data":{"userId":\#(user),"brokerNames":["b"],"#
        + #""ctidTraderAccountIds":[\#(account)],"idempotencyKey":"k\#(key)"\#(limit)}}"#
    case .replay(let user, let key):
      text =
        head + #""type":"link-account.replay-requested.v1","data":{"userId":\#(user),"#
        + #""idempotencyKey":"k\#(key)","reason":"x","operator":"o"}}"#
    case .malformed(let user, true):
      text = head + #""type":"link-account.requested.v1","data":{"userId":\#(user),"odd":1}}"#
    case .malformed(_, false): text = "{\"r\":\(number)"
    case .empty: return nil
    }
    return Array(text.utf8)
  }

  /// A trace that tells which request a call is for.
  private var trace: String {
    let digits = String(number)
    return "00-" + String(repeating: "0", count: 32 - digits.count) + digits + "-0000000000000001-01"
  }

  /// The number of the request that a call's trace tells of.
  static func number(of trace: TraceContext) -> Int? {
    guard let text = trace.traceparent?.utf8, text.count > 35 else { return nil }
    return text[3..<35].reduce(0) { $0 * 10 + Int($1) - 48 }
  }
}

extension PlannedRequest: CustomStringConvertible {
  var description: String {
    let what =
      switch ask {
      case .link(let user, let key, let account, let deadline):
        "asks for link \(user)/k\(key) to account \(account)" + (deadline.map { " within \($0) ms" } ?? "")
      case .replay(let user, let key): "asks for the replay of link \(user)/k\(key)"
      case .malformed(_, let readable): "is malformed, its id \(readable ? "readable" : "unreadable")"
      case .empty: "has no value"
      }
    let place = partition.map { " in partition \($0)" } ?? " at home"
    return "\(id) \(what), at \(time) ms\(place)" + (copies > 1 ? ", \(copies) times" : "")
      + (age > 0 ? ", \(age) ms old" : "")
  }
}
