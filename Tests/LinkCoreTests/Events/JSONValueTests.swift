import LinkCore
import Testing

@Suite("Strict JSON")
struct JSONValueTests {
  @Test(
    "Valid texts are read",
    arguments: [
      "{}", "[]", " [ ] ", "\t\r\n{ }\n", "null", "true", "false", "0", "-0", "-1", "1.0", "1e5", "1E+5", "1.5e-3",
      "\"\"",
      #""\u0041\ud83d\ude00\n\/""#, #"{"a":{"b":[1,2,{"c":null}]}}"#, "\"\u{7F}\u{80}\"", #"{"":1}"#, #""\u0000""#,
      "123456789012345678901234567890", #"{"a":1,"A":2}"#, "{\"\u{E9}\":1,\"e\u{301}\":2}", "1e999999",
    ])
  func readsValidTexts(text: String) throws {
    _ = try JSONValue(parsing: Array(text.utf8))
  }

  @Test(
    "What RFC 8259 does not have is refused as not_json",
    arguments: [
      "", " ", "\u{FEFF}{}", "{", "}", "[", "]", "[1,]", "{\"a\":1,}", "{,}", "[,1]", "{a:1}", "{'a':1}", "{\"a\"}",
      "{\"a\":}",
      "{\"a\" 1}", "[1 2]", "[1}", "{\"a\":1]", "01", "-", "-01", "1.", ".5", "+1", "1e", "1e+", "0x10", "NaN",
      "Infinity", "-Infinity",
      "tru", "True", "nul", "truex", "\"", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"", "\"\t\"", "\"\n\"",
      "\"\0\"", "{} {}", "1 2",
      "[] x", "// c\n1", "/* c */1", "{\"a\":1 // c\n}", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"",
      "\"\\ud800x\"", "\"\\ud800\\n\"",
      "\"\\udc00\\ud800\"", "\u{A0}1", "1\u{A0}", "\0", "{}\0", "\u{C}1", "undefined", "1_000",
    ])
  func refusesInvalidTexts(text: String) { #expect(fault(text)?.reason == .notJSON) }

  @Test(
    "Bytes that are not UTF-8 are refused before anything else",
    arguments: [
      [0x22, 0xFF, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
      [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22],
      [0x22, 0xE2, 0x82], [0x22, 0x80, 0x22], [0x5B, 0x2C, 0xFF], [0xFF, 0xFE, 0x31, 0x00], [0xFE],
    ] as [[UInt8]])
  func refusesBadUTF8(bytes: [UInt8]) {
    #expect(throws: Malformation(.notUTF8, "The text is not UTF-8.")) { try JSONValue(parsing: bytes) }
  }

  @Test(
    "A name twice in one object is refused, however it is escaped and wherever it stands",
    arguments: [
      (#"{"a":1,"a":2}"#, "/a"), (#"{"a":1,"\u0061":2}"#, "/a"), (#"{"\u0061":1,"b":0,"a":2}"#, "/a"),
      (#"[0,{"x":{"b":1,"b":1}}]"#, "/1/x/b"),
      (#"{"\ud83d\ude00":1,"😀":2}"#, "/😀"), (#"{"a/b~":1,"a\/b~":2}"#, "/a~1b~0"), (#"{"":1,"":2}"#, "/"),
    ])
  func refusesDuplicateNames(text: String, pointer: String) {
    let fault = fault(text)
    #expect(fault?.reason == .duplicateName)
    #expect(fault?.pointer == pointer)
  }

  @Test("A duplicate among thousands of names is found, also when it is far away or escaped")
  func findsDuplicatesAmongMany() throws {
    let names = (0..<10_000).map { #""name\#($0)":\#($0)"# }
    let all = try JSONValue(parsing: Array("{\(names.joined(separator: ","))}".utf8))
    #expect(all.children.reduce(0) { count, _ in count + 1 } == 10_000)
    #expect(all["name9999"]?.integer == 9999)
    for duplicate in ["name0", "name15", "name16", "name17", "name9999", #"n\u0061me5000"#] {
      let fault = fault("{\(names.joined(separator: ",")),\"\(duplicate)\":0}")
      #expect(fault?.reason == .duplicateName, "\(duplicate)")
    }
  }

  @Test("Many names cost time in proportion to their number")
  func comparesNamesInLinearTime() throws {
    let clock = ContinuousClock()
    func time(_ count: Int) throws -> Duration {
      let text = Array("{\((0..<count).map { #""name\#($0)":0"# }.joined(separator: ","))}".utf8)
      return try (0..<3).map { _ in try clock.measure { _ = try JSONValue(parsing: text) } }.min() ?? .zero
    }
    // Eight times the names: linear is 8, quadratic is 64.
    #expect(try time(40_000) < time(5_000) * 32)
  }

  @Test("Integers are exact, and only those without fraction and exponent that fit are integers")
  func readsIntegers() throws {
    let cases: [(String, Int64?)] = [
      ("0", 0), ("-0", 0), ("1", 1), ("9223372036854775807", .max), ("9223372036854775808", nil),
      ("-9223372036854775808", .min),
      ("-9223372036854775809", nil), ("9007199254740993", 9_007_199_254_740_993), ("1.0", nil), ("1e0", nil),
      ("1E2", nil),
      ("92233720368547758070", nil), ("18446744073709551617", nil), ("\"1\"", nil), ("true", nil), ("null", nil),
      ("[1]", nil),
    ]
    for (text, expected) in cases {
      #expect(try JSONValue(parsing: Array(text.utf8)).integer == expected, "\(text)")
    }
  }

  @Test("Strings are decoded byte for byte and never normalised")
  func decodesStrings() throws {
    let cases = [
      (#""e\u0301""#, "e\u{301}"), (#""\u00e9""#, "\u{E9}"), (#""\uD83D\uDE00""#, "😀"),
      (#""\b\f\n\r\t\"\\\/""#, "\u{8}\u{C}\n\r\t\"\\/"),
      (#""\u0000x""#, "\0x"), (#""\u20ac\u07ff\uffff""#, "€\u{7FF}\u{FFFF}"), (#""\udbff\udfff""#, "\u{10FFFF}"),
    ]
    for (text, expected) in cases {
      #expect(try JSONValue(parsing: Array(text.utf8)).text == Text(expected), "\(text)")
    }
  }

  @Test("The raw bytes of a value are those that were written")
  func keepsRawBytes() throws {
    let text = #"{"a": {"x" : 1.50,  "y":"\u0041" } ,"b":[1 , 2]}"#
    let value = try JSONValue(parsing: Array(text.utf8))
    #expect(value["a"].map { String(decoding: $0.written, as: UTF8.self) } == #"{"x" : 1.50,  "y":"\u0041" }"#)
    #expect(value["b"]?.writtenCount == 7)
    #expect(value["c"] == nil)
  }

  @Test("32 levels are read and the 33rd is too deep, counted from the root's level")
  func boundsDepth() throws {
    for rootLevel in [0, 1] {
      let depth = 33 - rootLevel
      _ = try JSONValue(parsing: brackets(depth), rootLevel: rootLevel)
      let fault = fault(brackets(depth + 1), rootLevel: rootLevel)
      #expect(fault?.reason == .tooDeep)
      #expect(fault?.pointer == String(repeating: "/0", count: depth - 1))
    }
  }

  @Test("100 000 brackets are refused at once")
  func refusesNestingBombs() {
    for bomb in [
      brackets(100_000), Array(String(repeating: "[", count: 100_000).utf8),
      Array(String(repeating: #"{"a":"#, count: 100_000).utf8),
    ] {
      var reason: Malformation.Reason?
      let time = ContinuousClock().measure { reason = fault(bomb)?.reason }
      #expect(reason == .tooDeep)
      #expect(time < .milliseconds(100))
    }
  }

  @Test("A string of a megabyte is read")
  func readsLongStrings() throws {
    let text = Array("\"\(String(repeating: "aé\\n", count: 250_000))\"".utf8)
    #expect(try JSONValue(parsing: text).text?.characterCount == 750_000)
  }

  @Test("A fault says where it is, and stays short where names are long")
  func pointsAtFaults() throws {
    #expect(fault(#"{"a":[1,{"b":tru}]}"#)?.pointer == "/a/1/b")
    #expect(fault(#"{"a":1} x"#)?.pointer == "")
    let long = String(repeating: "n", count: 60_000)
    #expect(fault(#"{"a":{"\#(long)":{"b":1,"b":2}}}"#)?.pointer == "/a")
    let value = try JSONValue(parsing: Array(#"{"a":[0,{"x/y~z":[[],7]}]}"#.utf8))
    let seven = value["a"]?.children.dropFirst().first { _ in true }?["x/y~z"]?.children.dropFirst().first { _ in true }
    #expect(seven?.integer == 7)
    #expect(seven?.pointer == "/a/1/x~1y~0z/1")
  }

  private func brackets(_ depth: Int) -> [UInt8] {
    Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
  }

  private func fault(_ text: String) -> Malformation? { fault(Array(text.utf8)) }

  private func fault(_ bytes: [UInt8], rootLevel: Int = 1) -> Malformation? {
    do {
      _ = try JSONValue(parsing: bytes, rootLevel: rootLevel)
      return nil
    } catch {
      return error
    }
  }
}
