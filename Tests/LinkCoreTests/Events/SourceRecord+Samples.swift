import LinkCore

/// Samples of records and events for these tests.
enum Sample {
  static let structured = Header("content-type", "application/cloudevents+json")

  static let data = #"{"userId":14601,"brokerNames":["northwind"],"ctidTraderAccountIds":[6230011]}"#

  /// A structured event with this `data`.
  static func event(
    _ data: String = data, id: String = "7f3c-1", source: String = "/client-area/live",
    type: String = "link-account.requested.v1", more: String = ""
  ) -> String {
    #"{"specversion":"1.0","id":"\#(id)","source":"\#(source)","type":"\#(type)"\#(more),"data":\#(data)}"#
  }

  static func record(_ value: String, headers: [Header] = [structured], key: String? = "14601") -> SourceRecord {
    record(Array(value.utf8), headers: headers, key: key)
  }

  static func record(_ value: [UInt8]?, headers: [Header] = [structured], key: String? = "14601") -> SourceRecord {
    SourceRecord(
      partition: 3, offset: 128, timestamp: Timestamp(milliseconds: 1_772_442_904_000), key: key.map { Array($0.utf8) },
      value: value,
      headers: headers)
  }

  /// The headers of a binary event.
  static func binary(
    type: String = "link-account.requested.v1", without: String? = nil, replacing: [String: [UInt8]] = [:],
    more: [Header] = []
  ) -> [Header] {
    let attributes = [
      ("ce_specversion", "1.0"), ("ce_id", "7f3c-1"), ("ce_source", "/client-area/live"), ("ce_type", type),
      ("content-type", "application/json"),
    ]
    return attributes.filter { $0.0 != without }
      .map { Header(name: Array($0.0.utf8), value: replacing[$0.0] ?? Array($0.1.utf8)) } + more
  }

  /// An ordinary event of some 400 bytes.
  static let ordinary = event(
    #"""
    {"userId":14601,"brokerNames":["northwind","southwind-eu"],"ctidTraderAccountIds":[6230011,6230012],"isVerified":true,\#
    "idempotencyKey":"tv-9b1d7c52","deadline":"2026-03-02T09:15:34.000+01:00","context":{"state":"b64-8f1","locale":"de"}}
    """#, more: #","time":"2026-03-02T08:15:04Z","datacontenttype":"application/json""#)
}

extension Reading {
  var link: LinkRequest? { if case .link(let request) = self { request } else { nil } }

  var replay: ReplayRequest? { if case .replay(let request) = self { request } else { nil } }

  /// The fault of what is malformed or of an unknown type.
  var fault: Malformation? {
    switch self {
    case .malformed(let fault, _), .unknownType(let fault): fault
    case .link, .replay, .empty: nil
    }
  }

  var identity: RequestIdentity? { if case .malformed(_, let identity) = self { identity } else { nil } }
}
