import Foundation
import LinkTestSupport
import Testing

@testable import LinkCommands

@Suite("Lines on their way to a reader", .timeLimit(.minutes(10)))
struct LineQueueTests {
  @Test("come in their order, none before the queue is opened")
  func order() throws {
    let pipe = Pipe()
    let lines = LineQueue(Console(output: pipe.fileHandleForWriting.fileDescriptor))
    for number in 1...3 { lines.print("\(number)") }
    lines.open()
    for number in 4...5 { lines.print("\(number)") }
    #expect(lines.finish() == 0)
    try pipe.fileHandleForWriting.close()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(text == "1\n2\n3\n4\n5\n")
  }

  @Test("hold nobody up when the reader stands still: what is over the limit is dropped and counted, the rest is whole")
  func slowReader() throws {
    let pipe = Pipe()
    let lines = LineQueue(Console(output: pipe.fileHandleForWriting.fileDescriptor), limit: 5_000)
    lines.open()
    // Far more than a pipe takes; nobody reads until all of them were given.
    let line = String(repeating: "x", count: 199)
    for _ in 0..<20_000 { lines.print(line) }
    let count = DispatchQueue.global().sync { () -> Int in
      let reader = pipe.fileHandleForReading
      let group = DispatchGroup()
      let read = Counted()
      DispatchQueue.global().async(group: group) { read.lines = reader.readDataToEndOfFile().split(separator: 0x0A) }
      read.dropped = lines.finish()
      pipe.fileHandleForWriting.closeFile()
      group.wait()
      #expect(read.lines.allSatisfy { $0.count == 199 })
      #expect(read.dropped > 0)
      return read.lines.count + read.dropped
    }
    #expect(count == 20_000)
  }

  /// Written by one thread each, read after both.
  private final class Counted: @unchecked Sendable {
    var lines: [Data] = []
    var dropped = 0
  }
}
