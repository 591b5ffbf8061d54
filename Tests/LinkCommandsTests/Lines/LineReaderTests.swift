import Foundation
import LinkTestSupport
import Testing

@testable import LinkCommands

@Suite("Reading lines")
struct LineReaderTests {
  @Test("Lines come byte for byte, with their numbers and ends, the last one also without a line feed")
  func lines() throws {
    let scratch = try Scratch()
    let lines = try read(try scratch.write("lines", "one\r\n\n\u{FEFF}two\0\nthree"))
    #expect(lines.map { String(decoding: $0.bytes, as: UTF8.self) } == ["one\r", "", "\u{FEFF}two\0", "three"])
    #expect(lines.map(\.number) == [1, 2, 3, 4])
    #expect(lines.map(\.end) == [5, 6, 14, 19])
    #expect(lines.map(\.isBlank) == [false, true, false, false])
    #expect(try read(try scratch.write("empty", "")).isEmpty)
  }

  @Test("A line that is longer than the limit is told and not kept, and its neighbours are whole")
  func longLines() throws {
    let scratch = try Scratch()
    let long = String(repeating: "x", count: 3_000_000)
    let atLimit = String(repeating: "y", count: 1024)
    let lines = try read(try scratch.write("lines", "a\n\(long)\n\(atLimit)\n\(atLimit)y\nb\n\(long)"), limit: 1024)
    #expect(lines.map(\.isTooLong) == [false, true, false, true, false, true])
    #expect(lines.map(\.bytes.count) == [1, 0, 1024, 0, 1, 0])
    #expect(lines.map(\.number) == Array(1...6))
    #expect(lines.last?.end == 6_002_056)
  }

  @Test("Many lines across the reader's buffer are all there")
  func manyLines() throws {
    let scratch = try Scratch()
    let wanted = (0..<60_000).map { "line \($0) " + String(repeating: "z", count: $0 % 97) }
    let lines = try read(try scratch.write("lines", wanted.joined(separator: "\n") + "\n"))
    #expect(lines.map { String(decoding: $0.bytes, as: UTF8.self) } == wanted)
  }

  @Test("A file can be read again from its beginning; what does not exist, or is a directory, is named")
  func rewinds() throws {
    let scratch = try Scratch()
    var reader = try LineReader(try scratch.write("lines", "a\nb\n"), lineByteLimit: 100)
    #expect(reader.size == 4)
    for _ in 0..<2 {
      var count = 0
      while case .line = try reader.next() { count += 1 }
      #expect(count == 2)
      let isBack = reader.rewind()
      #expect(isBack)
    }
    #expect(throws: CommandFailure.self) { _ = try LineReader(scratch["nothing"], lineByteLimit: 100) }
    #expect(throws: CommandFailure.self) { try read(scratch.path) }
  }

  @Test("Numbers of lines are written as ranges")
  func ranges() {
    #expect(LineRanges([7, 3, 8, 9, 12, 9]).description == "lines 3, 7-9, 12")
    #expect(LineRanges([7, 3, 8, 9, 12]).count == 5)
    #expect(LineRanges([5]).description == "line 5")
  }

  @discardableResult
  private func read(_ path: String, limit: Int = 65_536) throws -> [InputLine] {
    var reader = try LineReader(path, lineByteLimit: limit)
    var lines: [InputLine] = []
    while case .line(let line) = try reader.next() { lines.append(line) }
    return lines
  }
}
