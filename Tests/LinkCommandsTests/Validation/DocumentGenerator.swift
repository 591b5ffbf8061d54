import LinkCore

/// Makes requests and replay requests, valid ones and ones with faults, each as one line of bytes.
struct DocumentGenerator {
  private var random: SeededRandom
  private var number = 0

  init(seed: UInt64) { random = SeededRandom(seed: seed) }

  /// The next document: every fourth is as valid as it can be, the others have one to three changes.
  mutating func next() -> [UInt8] {
    number += 1
    if number % 500 == 0 { return sized() }
    var document = chance(4) ? Document.replay(number) : Document.request(number)
    if chance(3) { addOptional(&document) }
    let changes = number % 4 == 0 ? 0 : Int.random(in: 1...3, using: &random)
    for _ in 0..<changes { change(&document) }
    var bytes = Array(document.text.utf8)
    if changes > 0, chance(5) { spoil(&bytes) }
    // A line feed would make two lines of one document.
    return bytes.map { $0 == 0x0A ? 0x20 : $0 }
  }

  // MARK: - Fields

  private mutating func addOptional(_ document: inout Document) {
    document.event.append(("time", pick(Pool.dates)))
    document.event.append(("datacontenttype", pick(Pool.contentTypes)))
    document.data.append(("deadline", pick(Pool.dates)))
    if document.isReplay { document.data.append(("force", pick(["true", "false"]))) }
    if !document.isReplay { document.data.append(("isVerified", pick(["true", "false"]))) }
    if chance(2) { document.event.append(("extension\(number % 7)", pick(Pool.values))) }
  }

  /// One change of the structure.
  private mutating func change(_ document: inout Document) {
    let isData = !chance(3)
    let place = isData ? \Document.data : \Document.event
    let count = document[keyPath: place].count
    guard count > 0 else { return }
    let index = Int.random(in: 0..<count, using: &random)
    switch Int.random(in: 0..<14, using: &random) {
    case 0: document[keyPath: place].remove(at: index)
    case 1, 2: document[keyPath: place][index].value = pick(Pool.values)
    case 3: document[keyPath: place][index].value = string()
    case 4: document[keyPath: place].append((document[keyPath: place][index].name, pick(Pool.values)))
    case 5: document[keyPath: place].append((Pool.escaped(document[keyPath: place][index].name), "1"))
    case 6: document[keyPath: place].append((pick(Pool.names), pick(Pool.values)))
    case 7: document.set("brokerNames", list(upTo: 33) { "\"name \($0)\"" })
    case 8: document.set("ctidTraderAccountIds", list(upTo: 101) { "\($0 + 1)" })
    case 9: document.set("context", nested(depth: Int.random(in: 27...34, using: &random)))
    case 10:
      document.set("context", #"{"a":"\#(String(repeating: "x", count: .random(in: 4084...4094, using: &random)))"}"#)
    case 11: document.set(pick(["userId", "ctidTraderAccountIds"]), pick(Pool.numbers))
    case 12: document.set(pick(["deadline", "time"]), pick(Pool.dates))
    default: document.set(pick(["idempotencyKey", "reason", "operator", "id", "source", "brokerNames"]), string())
    }
  }

  /// A string of a length at some limit, of one kind of characters.
  private mutating func string() -> String {
    let length = pick([0, 1, 2, 254, 255, 256, 499, 500, 501, 510, 511, 512])
    let text = String(repeating: pick(Pool.characters), count: length)
    let quoted = "\"\(text)\(chance(4) ? pick(Pool.oddities) : "")\""
    return chance(4) ? "[\(quoted)]" : quoted
  }

  private mutating func list(upTo limit: Int, _ element: (Int) -> String) -> String {
    let count = pick([0, 1, 2, limit - 1, limit])
    var elements = (0..<count).map { element($0) }
    if chance(3), count > 0 { elements[Int.random(in: 0..<count, using: &random)] = pick(elements + Pool.values) }
    return "[\(elements.joined(separator: ","))]"
  }

  private mutating func nested(depth: Int) -> String {
    let isList = chance(2)
    let (open, close) = isList ? ("[", "]") : (#"{"a":"#, "}")
    let inner = String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
    return #"{"b":\#(inner)}"#
  }

  /// A document at the limit of `event.max.bytes`: key and content type count.
  private mutating func sized() -> [UInt8] {
    var document = Document.request(number)
    document.event.append(("padding", "\"\""))
    let length = 65_536 - 40 - String(number).utf8.count - document.text.utf8.count
    document.event[document.event.count - 1].value =
      "\"\(String(repeating: "x", count: length + Int.random(in: -2...2, using: &random)))\""
    return Array(document.text.utf8)
  }

  // MARK: - Bytes

  /// One change of the bytes: mostly no JSON any more, or no UTF-8.
  private mutating func spoil(_ bytes: inout [UInt8]) {
    let place = Int.random(in: 0..<bytes.count, using: &random)
    switch Int.random(in: 0..<5, using: &random) {
    case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
    case 1: bytes.removeSubrange(max(place, 1)...)  // A blank line would be no document.
    case 2: bytes.insert(contentsOf: pick(Pool.pieces), at: place)
    case 3: bytes = pick([[0xEF, 0xBB, 0xBF], Array(" ".utf8), Array("\u{C}".utf8), Array("[".utf8)]) + bytes
    default: bytes += pick([Array("x".utf8), Array("}".utf8), Array(" \t\r".utf8), [0], Array("{}".utf8)])
    }
  }

  private mutating func pick<Element>(_ pool: [Element]) -> Element {
    pool[Int.random(in: 0..<pool.count, using: &random)]
  }

  private mutating func chance(_ sides: Int) -> Bool { Int.random(in: 0..<sides, using: &random) == 0 }
}

/// An event whose values are kept as they are written.
private struct Document {
  var isReplay: Bool
  var event: [(name: String, value: String)]
  var data: [(name: String, value: String)]

  static func request(_ number: Int) -> Document {
    let accounts =
      number % 3 == 0 ? ("allAccounts", "true") : ("ctidTraderAccountIds", "[\(number),\(Int64.max - Int64(number))]")
    return Document(
      isReplay: false, event: attributes(number, "link-account.requested.v1"),
      data: [
        ("userId", "\(number)"), ("brokerNames", #"["northwind","Caf\u00e9","\#(number)"]"#), accounts,
        ("idempotencyKey", "\"key \(number)\""), ("context", #"{"state":[1.5,null,{"a":"\ud83d\ude00"}]}"#),
      ])
  }

  static func replay(_ number: Int) -> Document {
    Document(
      isReplay: true, event: attributes(number, "link-account.replay-requested.v1"),
      data: [
        ("userId", "\(number)"), ("idempotencyKey", "\"key \(number)\""), ("reason", "\"It was down.\""),
        ("operator", "\"a.meyer\""),
      ])
  }

  private static func attributes(_ number: Int, _ type: String) -> [(name: String, value: String)] {
    [("specversion", "\"1.0\""), ("id", "\"r-\(number)\""), ("source", "\"/client-area\""), ("type", "\"\(type)\"")]
  }

  /// Writes a field over the one of that name, or adds it where it may stand.
  mutating func set(_ name: String, _ value: String) {
    let place = ["id", "source", "time"].contains(name) ? \Document.event : \Document.data
    if let index = self[keyPath: place].firstIndex(where: { $0.name == name }) {
      self[keyPath: place][index].value = value
    } else {
      self[keyPath: place].append((name, value))
    }
  }

  var text: String {
    let data = data.map { "\"\($0.name)\":\($0.value)" }.joined(separator: ",")
    let event = event.map { "\"\($0.name)\": \($0.value)" }.joined(separator: ",")
    return event.isEmpty ? "{\"data\":{\(data)}}" : "{\(event), \"data\":{\(data)}}"
  }
}

/// What faults are made of.
private enum Pool {
  static let values = [
    "null", "true", "false", "0", "-0", "-1", "1", "1.0", "1e0", "1E400", "9223372036854775807", "9223372036854775808",
    "-9223372036854775809", String(repeating: "9", count: 400), "1.5", "\"\"", "\"x\"", "\"1.0\"", "\"1\"", "[]", "{}",
    "[1]", "[[]]", "[1,1]", "[1,1.0]", "[true]", "[\"x\",\"x\"]", "[\"\"]", "[null]", "{\"a\":{\"a\":1,\"a\":2}}",
    "\"link-account.requested.v1\"", "\"link-account.replay-requested.v1\"", "\"link-account.token-ready.v1\"",
    "\"link-account.requested.v2\"", "\"application/json\"", "[9007199254740993,9007199254740992]",
    "[\"\\u00e9\",\"e\\u0301\"]", "[\"\\u0041\",\"A\"]",
  ]
  static let numbers = [
    "0", "1", "-1", "1.0", "14601.0", "1.4601e4", "1e18", "1e19", "9223372036854775807", "9223372036854775807.0",
    "9223372036854775808", "18446744073709551617", "[1.0]", "[1,2e0]", "[9223372036854775807]",
    "[9223372036854775808]", "01", "+1", "-", "1.", ".5", "0x10", "NaN", "Infinity", "1e", "1_000",
  ]
  static let names = [
    "ctidTraderAccountId", "allAccounts", "ctidTraderAccountIds", "userid", "data_base64", "data", "force", "reason",
    "isVerified", "", "a/b~c", "traceparent", "context", "\\ud800", "subject",
  ]
  static let characters = ["a", "é", "🜁", "\\u00e9", "\\ud83d\\ude00", "\u{0301}", "\\\"", "字"]
  static let oddities = [
    "\\u0000", "\\u001f", "\\u007f", "\u{7F}", "\u{80}", "\\u009f", "\u{A0}", "\u{2028}", "\\n", "\t", "\\ud800",
    "\\udc00", "\\udc00\\ud800", "\\ud800\\ud800", "\\x", "\\u12g4", "\u{FEFF}", "\\/", "\0",
  ]
  static let dates =
    [
      "2026-03-02T09:15:04Z", "2026-03-02t09:15:04z", "2026-03-02T09:15:04.123456789+05:30",
      "2026-03-02T09:15:04-23:59",
      "2026-02-29T00:00:00Z", "2024-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2000-02-29T00:00:00Z",
      "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2016-12-31T23:59:60Z", "2016-12-31T22:59:60-01:00",
      "2016-12-30T23:59:60Z", "2026-03-02T24:00:00Z", "2026-03-02T23:60:00Z", "2026-03-02T09:15:61Z",
      "2026-03-02 09:15:04Z", "2026-03-02T09:15:04", "2026-03-02T09:15Z", "2026-03-02", "2026-13-01T00:00:00Z",
      "2026-00-01T00:00:00Z", "2026-04-31T00:00:00Z", "2026-03-02T09:15:04.Z", "2026-03-02T09:15:04+0530",
      "2026-03-02T09:15:04+24:00", "2026-03-02T09:15:04,5Z", "26-03-02T09:15:04Z", "2026-03-02T09:15:04Z ",
      "\\n2026-03-02T09:15:04Z", "2026-03-02T09:15:04Z\\n", "２026-03-02T09:15:04Z", "tomorrow", "",
    ].map { "\"\($0)\"" } + ["null", "1772442904"]
  static let contentTypes =
    [
      "application/json", "application/json; charset=utf-8", "application/json;charset=\\\"UTF-8\\\"", "text/json",
      "APPLICATION/JSON", "application/vnd.acme+json", "application/json; charset=latin1", "application/xml", "json",
      "",
      "application/json; profile=x", "application/jsonp", " application/json ", "application/ json", "a/b/json",
      "application/json;charset = utf-8;x=y", "application/json;charset=utf-8x", "application/+json", "/json",
    ].map { "\"\($0)\"" } + ["null", "1"]
  static let pieces: [[UInt8]] =
    [",", "{", "}", "[", "]", "\"", "\\", ":", "//", "/* */", "'", "NaN", "null", "\u{A0}", "\u{2028}", "\t", "\0"].map
  {
    Array($0.utf8)
  } + [[0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xFF], [0xF5, 0x80, 0x80, 0x80], [0x80]]

  /// The same name, written otherwise.
  static func escaped(_ name: String) -> String {
    guard let first = name.utf8.first, name.utf8.count > 1, first < 0x80, first > 0x2F else { return name }
    let digits = String(first, radix: 16)
    return "\\u00\(digits)" + name.dropFirst()
  }
}
