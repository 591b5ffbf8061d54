import LinkCore

extension BadInput {
  /// All of them. Those of one list are wrong in one way.
  static let all = bytes + json + envelopes + data

  private static let bytes: [BadInput] = [
    BadInput(name: "a tombstone", key: Array("4711".utf8), value: nil, headers: [structured], fate: .skipped),
    BadInput(name: "nothing at all", key: nil, value: nil, headers: [], fate: .skipped),
    unreadable("an empty value", [], "not_json"),
    unreadable("an empty value without headers", [], "not_json", headers: []),
    unreadable("prose", Array(canary.utf8), "not_json", key: [0xFF, 0x00, 0x80]),
    unreadable("bad UTF-8", Array(canary.utf8) + [0xC3, 0x28], "not_utf8", headers: [structured, odd]),
    unreadable(
      "bad UTF-8 in a string", Array(#"{"specversion":"\#(canary)"#.utf8) + [0xFF] + Array(#""}"#.utf8), "not_utf8"),
    unreadable("an overlong slash", Array(#"{"a":""#.utf8) + [0xC0, 0xAF] + Array(#""}"#.utf8), "not_utf8"),
    unreadable("a surrogate in UTF-8", Array(#"{"a":""#.utf8) + [0xED, 0xA0, 0x80] + Array(#""}"#.utf8), "not_utf8"),
    unreadable("a byte order mark", [0xEF, 0xBB, 0xBF] + Array(event("a BOM", goodData("bom")).utf8), "not_json"),
    unreadable(
      "UTF-16", event("UTF-16", goodData("utf16")).utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }, "not_json"),
    unreadable("65 KiB", Array(event("65 KiB", #""\#(String(repeating: "x", count: 65_536))""#).utf8), "too_large"),
    unreadable("100 000 brackets", [UInt8](repeating: UInt8(ascii: "["), count: 100_000), "too_large"),
    unreadable("60 000 brackets", [UInt8](repeating: UInt8(ascii: "["), count: 60_000), "too_deep"),
    unreadable("60 000 objects", Array(String(repeating: #"{"a":"#, count: 12_000).utf8), "too_deep"),
    BadInput(
      name: "a large binary one", key: nil, value: [UInt8](repeating: 0x20, count: 70_000),
      headers: binaryHeaders("a large binary one"), fate: .deadLetter("too_large", isRefused: true)),
  ]

  /// A header whose name and value are no text.
  private static let odd = Header(name: Array("odd".utf8), value: [0x00, 0xFF, 0xFE])

  private static let json: [BadInput] = [
    unreadable("a duplicate name", Array(#"{"specversion":"1.0","id":"1","\u0069d":"2"}"#.utf8), "duplicate_name"),
    unreadable(
      "a duplicate name in data",
      Array(event("a duplicate name in data", #"{"userId":1,"userId":2,"x":"\#(canary)"}"#).utf8), "duplicate_name"),
    unreadable("bytes behind", Array((event("bytes behind", goodData("k")) + "x").utf8), "not_json"),
    unreadable("a NUL behind", Array(event("a NUL behind", goodData("k")).utf8) + [0], "not_json"),
    unreadable("two events", Array((event("two", goodData("a")) + event("events", goodData("b"))).utf8), "not_json"),
    unreadable("cut off", Array(event("cut off", goodData("k")).utf8.dropLast()), "not_json"),
    unreadable("a trailing comma", Array(#"{"specversion":"1.0",}"#.utf8), "not_json"),
    unreadable("a comment", Array(#"{"specversion":"1.0"/* */}"#.utf8), "not_json"),
    unreadable("single quotes", Array("{'specversion':'1.0'}".utf8), "not_json"),
    unreadable("NaN", Array(event("NaN", #"{"userId":NaN}"#).utf8), "not_json"),
    unreadable("a raw control character", Array("{\"specversion\":\"1.0\u{1}\"}".utf8), "not_json"),
    unreadable("a lone surrogate", Array(event("s", #"{"x":"\ud83d"}"#).utf8), "not_json"),
    unreadable("a batch", Array("[\(event("a batch", goodData("k")))]".utf8), "not_cloudevent"),
    unreadable("a number", Array("4711".utf8), "not_cloudevent"),
    unreadable("null", Array("null".utf8), "not_cloudevent"),
    unreadable("plain JSON", Array(goodData("k").utf8), "not_cloudevent", headers: []),
  ]

  private static let envelopes: [BadInput] = [
    unreadable("a batch's content type", Array("[]".utf8), "not_cloudevent", headers: [batch]),
    unreadable("another content type", Array(goodData("k").utf8), "not_cloudevent", headers: [text]),
    unreadable(
      "two content types", Array(event("two", goodData("k")).utf8), "not_cloudevent", headers: [structured, structured]),
    structured("base64", #","data_base64":"e30=""#, .deadLetter("not_cloudevent", at: "/data_base64", isRefused: true)),
    structured("no data", "", .deadLetter("invalid_data", at: "/data", isRefused: true)),
    structured(
      "an old version", #","data":{}"#, .deadLetter("not_cloudevent", at: "/specversion", isRefused: true),
      version: "0.3"),
    structured(
      "a wrong time", #","time":"yesterday","data":{}"#, .deadLetter("not_cloudevent", at: "/time", isRefused: true)),
    unreadable(
      "no id", Array(#"{"specversion":"1.0","source":"/s","type":"link-account.requested.v1","data":{}}"#.utf8),
      "not_cloudevent"),
    unreadable(
      "a number for an id",
      Array(#"{"specversion":"1.0","id":1,"source":"/s","type":"link-account.requested.v1","data":{}}"#.utf8),
      "not_cloudevent"),
    unreadable(
      "a foreign type", Array(event("a foreign type", #"{"x":"\#(canary)"}"#, type: "com.example.other").utf8),
      "unknown_type"),
    binary("no ce_id", binaryHeaders("", ["ce_id": nil]), "not_cloudevent", isRefused: false),
    binary("an empty ce_id", binaryHeaders("", ["ce_id": []]), "not_cloudevent", isRefused: false),
    binary("a ce_id that is not UTF-8", binaryHeaders("", ["ce_id": [0xC3, 0x28]]), "not_utf8", isRefused: false),
    binary("a ce_source that is not UTF-8", binaryHeaders("x", ["ce_source": [0xFF]]), "not_utf8", isRefused: false),
    binary("no ce_type", binaryHeaders("no ce_type", ["ce_type": nil]), "not_cloudevent", isRefused: true),
    binary(
      "an extension that is not UTF-8", binaryHeaders("an extension that is not UTF-8") + [extensionHeader], "not_utf8",
      isRefused: true),
    binary(
      "XML data", binaryHeaders("XML data", ["content-type": Array("application/xml".utf8)]), "not_cloudevent",
      isRefused: true),
    binary(
      "a truncated ce_specversion", binaryHeaders("a truncated ce_specversion", ["ce_specversion": Array("1.".utf8)]),
      "not_cloudevent", isRefused: true),
    binary("ce_id twice", binaryHeaders("one") + [Header("ce_id", "two")], "not_cloudevent", isRefused: false),
    BadInput(
      name: "binary prose", key: nil, value: Array(canary.utf8), headers: binaryHeaders("binary prose"),
      fate: .deadLetter("not_json", isRefused: true)),
    BadInput(
      name: "binary nothing", key: nil, value: [], headers: binaryHeaders("binary nothing"),
      fate: .deadLetter("not_json", isRefused: true)),
  ]

  private static let batch = Header("content-type", "application/cloudevents-batch+json")
  private static let text = Header("content-type", "text/plain")
  private static let extensionHeader = Header(name: Array("ce_extension".utf8), value: [0xFE])

  /// A structured event with these further members.
  private static func structured(_ name: String, _ members: String, _ fate: Fate, version: String = "1.0") -> BadInput {
    let value =
      #"{"specversion":"\#(version)","id":"\#(name)","source":"\#(source)","type":"link-account.requested.v1"\#(members)}"#
    return BadInput(name: name, key: nil, value: Array(value.utf8), headers: [structured], fate: fate)
  }

  private static let data: [BadInput] = [
    data("data is a list", "[]", at: "/data"),
    data("data is null", "null", at: "/data"),
    data("no userId", scope, at: "/data/userId"),
    user("14601.0"), user("1.4601e4"), user("9223372036854775808"), user("-1"), user("0"), user("\"14601\""),
    user("true"), user("null"), user("[1]"), user("18446744073709551617"),
    accounts(#""ctidTraderAccountId":1"#, at: "/ctidTraderAccountId"),
    accounts(#""ctidTraderAccountIds":[1],"ctidTraderAccountId":1"#, at: "/ctidTraderAccountId"),
    accounts(#""ctidTraderAccountIds":[]"#, at: "/ctidTraderAccountIds"),
    accounts(#""ctidTraderAccountIds":null"#, at: "/ctidTraderAccountIds"),
    accounts(#""ctidTraderAccountIds":[1],"allAccounts":true"#, at: "/allAccounts"),
    accounts(#""allAccounts":false"#, at: "/allAccounts"),
    accounts(#""ctidTraderAccountIds":[1,1]"#, at: "/ctidTraderAccountIds/1"),
    accounts(#""ctidTraderAccountIds":[1,2.0]"#, at: "/ctidTraderAccountIds/1"),
    accounts(#""ctidTraderAccountIds":[9223372036854775808]"#, at: "/ctidTraderAccountIds/0"),
    accounts(#""isVerified":true"#, at: ""),
    accounts(#""allAccounts":true,"isVerified":"true""#, at: "/isVerified"),
    accounts(#""allAccounts":true,"unknown":"\#(canary)""#, at: "/unknown"),
    accounts(#""allAccounts":true,"CtidTraderAccountIds":[1]"#, at: "/CtidTraderAccountIds"),
    accounts(#""allAccounts":true,"deadline":"tomorrow""#, at: "/deadline"),
    accounts(#""allAccounts":true,"context":[]"#, at: "/context"),
    accounts(#""allAccounts":true,"idempotencyKey":"""#, at: "/idempotencyKey"),
  ]

  private static let scope = #"{"brokerNames":["\#(canary)"],"allAccounts":true}"#

  private static func user(_ written: String) -> BadInput {
    data(
      "userId " + written.filter { $0 != "\"" },
      #"{"userId":\#(written),"brokerNames":["\#(canary)"],"allAccounts":true}"#,
      at: "/data/userId")
  }

  private static func accounts(_ members: String, at pointer: String) -> BadInput {
    data(
      String(members.filter { $0 != "\"" }.replacing(canary, with: "x")),
      #"{"userId":4711,"brokerNames":["\#(canary)"],\#(members)}"#,
      at: "/data\(pointer)")
  }
}
