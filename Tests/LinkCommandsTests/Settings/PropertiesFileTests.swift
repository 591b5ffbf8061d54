import LinkCore
import Testing

@testable import LinkCommands

@Suite("Properties files")
struct PropertiesFileTests {
  private func pairs(_ text: String) -> [[String]] {
    PropertiesFile(Array(text.utf8)).entries.map { [$0.name, $0.value] }
  }

  @Test(
    "read as Java's Properties.load reads them",
    arguments: [
      ("a=1", [["a", "1"]]),
      ("a = 1", [["a", "1"]]),
      ("a:1", [["a", "1"]]),
      ("a : 1", [["a", "1"]]),
      ("a 1", [["a", "1"]]),
      ("a\t1", [["a", "1"]]),
      ("a\u{0C}1", [["a", "1"]]),
      ("  a = 1  ", [["a", "1  "]]),
      ("a == 1", [["a", "= 1"]]),
      ("a = : 1", [["a", ": 1"]]),
      ("a", [["a", ""]]),
      ("a=", [["a", ""]]),
      ("=b", [["", "b"]]),
      ("a\\ b=c", [["a b", "c"]]),
      ("a\\=b=c", [["a=b", "c"]]),
      ("a\\:b:c", [["a:b", "c"]]),
      ("# a=1\n! b=2\n  # c=3\n\n   \nd=4", [["d", "4"]]),
      ("a=1 # 2", [["a", "1 # 2"]]),
      ("a=b\\\n  c", [["a", "bc"]]),
      ("a=b\\\r\n\t c", [["a", "bc"]]),
      ("a=b\\\\\nc=d", [["a", "b\\"], ["c", "d"]]),
      ("a=b\\\\\\\nc=d", [["a", "b\\c=d"]]),
      ("a=b\\\n# c", [["a", "b# c"]]),
      ("a=b\\\n\nc=d", [["a", "b"], ["c", "d"]]),
      ("a=b\\", [["a", "b"]]),
      ("# a\\\nb=c", [["b", "c"]]),
      ("a\\\n=b", [["a", "b"]]),
      ("a=1\rb=2\r\nc=3\n", [["a", "1"], ["b", "2"], ["c", "3"]]),
      (#"a=\t\n\r\f\q\\"#, [["a", "\t\n\r\u{0C}q\\"]]),
      (#"a=\u0041\u00e9\u20AC"#, [["a", "Aé€"]]),
      (#"a=\ud83d\ude00"#, [["a", "😀"]]),
      (#"\u0061\u003d=1"#, [["a=", "1"]]),
      ("ä=ö", [["ä", "ö"]]),
      ("\u{FEFF}a=1", [["a", "1"]]),
      ("", []),
      ("\\", [["", ""]]),
    ])
  func reading(text: String, expected: [[String]]) {
    #expect(pairs(text) == expected)
    #expect(PropertiesFile(Array(text.utf8)).faults.isEmpty)
  }

  @Test("name the line on which a fault begins, and never its content")
  func faults() {
    let text: [UInt8] =
      Array("a=1\n\nb=\\u12g4secret\nc=\\ud800x\na=secret\n".utf8) + Array("d=".utf8) + [0xFF, 0x0A]
      + Array("e=\\\n\\udc00".utf8)
    let file = PropertiesFile(text)
    #expect(file.entries.map(\.name) == ["a"])
    #expect(file.faults.map(\.line) == [3, 4, 5, 6, 7])
    #expect(file.faults.allSatisfy { !$0.reason.contains("secret") && !$0.hint.isEmpty })
    #expect(file.faults[2].reason == #"sets "a" a second time, after line 1"#)
  }

  @Test("give every name and value back that was escaped into them", arguments: 1...200)
  func roundTrip(seed: Int) {
    var random = SeededRandom(seed: UInt64(seed))
    let letters = Array("ab =:#!\\\t\n\r\u{0C}uü€😀\u{7F}.")
    func text() -> String {
      String((0..<Int.random(in: 0...12, using: &random)).compactMap { _ in letters.randomElement(using: &random) })
    }
    var expected: [[String]] = []
    var file = ""
    for index in 0..<5 {
      let (name, value) = ("\(index)" + text(), text())
      expected.append([name, value])
      file += [" ", "", "# comment = \\\n", "\r\n\t"].randomElement(using: &random) ?? ""
      file += escaped(name, &random) + ([" = ", "=", ":", " : ", "\t=\u{0C}"].randomElement(using: &random) ?? "=")
      file += escaped(value, &random) + (["\n", "\r", "\r\n"].randomElement(using: &random) ?? "\n")
    }
    #expect(pairs(file) == expected)
  }

  @Test("end in entries or faults, whatever bytes they have", arguments: 1...200)
  func anyBytes(seed: Int) {
    var random = SeededRandom(seed: UInt64(seed))
    let pieces: [[UInt8]] =
      ["\\", "u", "d8", "00", "dc", "=", "\n", "\r", " ", "#", "a"].map { Array($0.utf8) } + [[0xC3], [0xFF]]
    let bytes = (0..<100).flatMap { _ in pieces.randomElement(using: &random) ?? [] }
    let file = PropertiesFile(bytes)
    let lines = bytes.count { $0 == 0x0A || $0 == 0x0D } + 1
    #expect(file.entries.map(\.line).allSatisfy { (1...lines).contains($0) })
    #expect(file.faults.map(\.line).allSatisfy { (1...lines).contains($0) })
    #expect(Set(file.entries.map(\.name)).count == file.entries.count)
  }

  /// One of the ways to write `text` so that it is read back.
  private func escaped(_ text: String, _ random: inout SeededRandom) -> String {
    text.unicodeScalars.map { scalar in
      if Int.random(in: 0..<8, using: &random) == 0 { return "\\\n  " + escaped(scalar) }
      return escaped(scalar)
    }.joined()
  }

  private func escaped(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\t": "\\t"
    case "\n": "\\n"
    case "\r": "\\r"
    case "\u{0C}": "\\f"
    case " ", "=", ":", "#", "!", "\\": "\\" + String(scalar)
    case "😀": #"\uD83D\uDE00"#
    case "€": #"\u20ac"#
    default: String(scalar)
    }
  }
}
