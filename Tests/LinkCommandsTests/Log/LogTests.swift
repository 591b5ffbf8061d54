import Foundation
import LinkCore
import LinkOps
import Testing

@Suite("The log")
struct LogTests {
  @Test("writes one JSON object a line, its fields in their order")
  func json() throws {
    let reader = LogReader()
    reader.log.info(
      "worker.started", "The worker started",
      [
        "partition": 3, "rate": 0.5, "ok": true, "topics": ["a", "b"], "name": "é€😀", "least": .integer(Int64.min),
        "nan": .double(.nan),
      ])
    #expect(
      try reader.lines() == [
        #"{"time":"2026-01-31T23:59:59.007Z","level":"info","event":"worker.started","message":"The worker started","partition":3,"rate":0.5,"ok":true,"topics":["a","b"],"name":"é€😀","least":-9223372036854775808,"nan":"nan"}"#
      ])
  }

  @Test("writes text for people")
  func text() throws {
    let reader = LogReader(format: .text)
    reader.log.error(
      "lane.stopped", "The log was cut", ["partition": 3, "topic": "a.b", "why": "two words", "none": ""])
    #expect(
      try reader.lines() == [
        #"2026-01-31T23:59:59.007Z ERROR   lane.stopped: The log was cut partition=3 topic=a.b why="two words" none="""#
      ])
  }

  @Test("lets nothing from outside end a line, close a string or steer a terminal", arguments: LogFormat.allCases)
  func escaping(format: LogFormat) throws {
    let reader = LogReader(format: format)
    let evil = "a\"\\\n\r\t\u{0}\u{1B}[2J\u{7F}\u{85}\u{9B}\u{2028}\u{2029}\u{202E}\u{2066}\u{A0}é"
    reader.log.info(evil, evil, ["k\n=": .string(evil), "list": [.string(evil)]])
    let lines = try reader.lines()
    #expect(lines.count == 1)
    let line = try #require(lines.first)
    let escaped = #"a\"\\\n\r\t\u0000\u001b[2J\u007f\u0085\u009b\u2028\u2029\u202e\u2066"# + "\u{A0}é"
    #expect(line.components(separatedBy: escaped).count == 5)
    #expect(
      line.unicodeScalars.allSatisfy {
        ![.control, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
      })
    guard format == .json else { return }
    let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    #expect(object["message"] as? String == evil)
    #expect(object["k\n="] as? String == evil)
  }

  @Test("is JSON that gives back any text that is put into it", arguments: 1...50)
  func anyText(seed: Int) throws {
    var random = SeededRandom(seed: UInt64(seed))
    let text = String(
      String.UnicodeScalarView(
        (0..<200).compactMap { _ in
          Unicode.Scalar(
            UInt32.random(
              in: 0..<[0x80, 0x800, 0x3000, 0x110000][Int.random(in: 0..<4, using: &random)], using: &random))
        }))
    let reader = LogReader()
    reader.log.info("event", "message", ["text": .string(text)])
    let line = try #require(try reader.lines().first)
    let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    #expect((object["text"] as? String).map { Array($0.utf8) } == Array(text.utf8))
  }

  @Test("cuts a long text between characters and says so")
  func cutting() throws {
    let reader = LogReader()
    reader.log.info("event", String(repeating: "€", count: 2000))
    let line = try #require(try reader.lines().first)
    #expect(line.contains(String(repeating: "€", count: 1365) + "…"))
    #expect(!line.contains(String(repeating: "€", count: 1366)))
  }

  @Test("knows of a secret only that there is one")
  func secrets() throws {
    let secret = Secret(Array("c4nary".utf8))
    let reader = LogReader()
    reader.log.info("event", "It is \(secret)", ["token": .secret(secret), "text": "\(secret)"])
    let line = try #require(try reader.lines().first)
    #expect(!line.contains("c4nary"))
    #expect(line.components(separatedBy: "<secret>").count == 4)
  }

  @Test("computes nothing for a level that is off")
  func levels() throws {
    let reader = LogReader(level: .warning)
    var computed = 0
    func message() -> String {
      computed += 1
      return "message"
    }
    reader.log.debug("a", message(), ["n": .string(message())])
    reader.log.info("b", message())
    reader.log.warning("c", message())
    reader.log.error("d", message())
    #expect(computed == 2)
    #expect(try reader.lines().map { $0.contains(#""level":"warning""#) } == [true, false])
  }

  @Test("gets every line out by itself, without a flush")
  func unflushed() {
    let reader = LogReader()
    reader.log.info("event", "message")
    #expect(reader.available().hasSuffix("\n"))
  }

  @Test("never waits for a reader that does not read, and counts what it then drops")
  func bounded() throws {
    let reader = LogReader(bufferLimit: 64 << 10)
    let text = String(repeating: "x", count: 1000)
    // A pipe holds 64 KiB, the buffer as much, and as much may be under way
    for number in 0..<1000 { reader.log.info("event", text, ["number": .integer(number)]) }
    #expect(!reader.log.flush(within: 1))
    let lines = try reader.lines { reader.log.warning("end", "The last line") }
    let numbers = lines.compactMap { $0.firstMatch(of: /"number":([0-9]+)}$/).flatMap { Int($0.1) } }
    let dropped = lines.compactMap { $0.firstMatch(of: /"log.dropped".*"count":([0-9]+)}$/).flatMap { Int($0.1) } }
    #expect(numbers.count + dropped.reduce(0, +) == 1000)
    #expect(dropped.reduce(0, +) > 500)
    #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 })
  }
}
