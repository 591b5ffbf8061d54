import LinkCore
import LinkTestSupport

/// A record of the requests topic that is no request, and what has to become of it.
struct BadInput: Sendable {
  /// What is wrong with it; the CloudEvent's id too, where it has one.
  var name: String
  var key: [UInt8]?
  var value: [UInt8]?
  var headers: [Header]
  var fate: Fate

  enum Fate: Sendable, Equatable {
    /// A dead letter of this reason, whose message begins so, and a refusal where id and source can be read.
    case deadLetter(_ reason: String, at: String = "", isRefused: Bool)
    /// Nothing at all.
    case skipped
  }

  static let source = "/bad-input"
  /// Stands in the values, and so may stand neither in a log nor in the message of a dead letter.
  static let canary = "canary-value-4711"

  /// A record whose value is not a readable event.
  static func unreadable(
    _ name: String, _ value: [UInt8]?, _ reason: String, headers: [Header] = [structured], key: [UInt8]? = nil
  ) -> BadInput {
    BadInput(
      name: name, key: key, value: value, headers: headers, fate: .deadLetter(reason, isRefused: false))
  }

  /// A structured event with this text under `data`.
  static func data(_ name: String, _ data: String, at pointer: String, reason: String = "invalid_data") -> BadInput {
    BadInput(
      name: name, key: Array("4711".utf8), value: Array(event(name, data).utf8), headers: [structured],
      fate: .deadLetter(reason, at: pointer, isRefused: reason == "invalid_data"))
  }

  /// A binary event with headers of its own, on good data.
  static func binary(_ name: String, _ headers: [Header], _ reason: String, isRefused: Bool) -> BadInput {
    BadInput(
      name: name, key: nil, value: Array(goodData(name).utf8), headers: headers,
      fate: .deadLetter(reason, isRefused: isRefused))
  }

  static let structured = Header("content-type", "application/cloudevents+json")

  /// A whole event around `data`.
  static func event(_ id: String, _ data: String, type: String = "link-account.requested.v1") -> String {
    #"{"specversion":"1.0","id":"\#(id)","source":"\#(source)","type":"\#(type)","data":\#(data)}"#
  }

  /// Data that would be a request, were it not for what surrounds it.
  static func goodData(_ key: String) -> String {
    #"{"userId":4711,"brokerNames":["\#(canary)"],"ctidTraderAccountIds":[1],"idempotencyKey":"\#(key)"}"#
  }

  /// The headers of binary mode, with some replaced, or left out by nil.
  static func binaryHeaders(_ id: String, _ changes: [String: [UInt8]?] = [:]) -> [Header] {
    let good = [
      ("content-type", "application/json"), ("ce_specversion", "1.0"), ("ce_type", "link-account.requested.v1"),
      ("ce_source", source), ("ce_id", id),
    ]
    return good.compactMap { name, value in
      guard let change = changes[name] else { return Header(name, value) }
      return change.map { Header(name: Array(name.utf8), value: $0) }
    }
  }
}
