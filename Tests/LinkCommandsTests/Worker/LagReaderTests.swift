import LinkCore
import LinkTestSupport
import Synchronization
import Testing

@testable import LinkCommands

@Suite("The lag of partitions that nothing is fetched of")
struct LagReaderTests {
  /// Answers with a lag of its own choice, and remembers what was asked.
  private final class Answers: LagQuestion {
    let asked = Mutex<[[Int32]]>([])
    let lag = Mutex<Int64?>(7)

    func lags(of partitions: [Int32]) -> [Int32: Int64] {
      asked.withLock { $0.append(partitions) }
      return lag.withLock { $0 }.map { lag in Dictionary(uniqueKeysWithValues: partitions.map { ($0, lag) }) } ?? [:]
    }

    func cancel() {}
    func close() {}
    var count: Int { asked.withLock(\.count) }
  }

  private let answers = Answers()
  private let reader: LagReader

  init() { reader = LagReader(answers) }

  private func expect(_ lags: [Int32: Int64], of partitions: Set<Int32>, at uptime: Milliseconds) throws {
    var last: [Int32: Int64] = [:]
    try awaiting("\(lags)", state: { "It is \(last)." }) {
      last = reader.lags(of: partitions, at: uptime)
      return last == lags
    }
  }

  @Test("It is asked after a grace, then at most every 10 s, and what was known stays where nobody answers")
  func rate() throws {
    for uptime in stride(from: 0, to: LagReader.grace, by: 100) { #expect(reader.lags(of: [1, 2], at: uptime) == [:]) }
    #expect(answers.count == 0)
    let start = LagReader.grace
    try expect([1: 7, 2: 7], of: [1, 2], at: start)
    answers.lag.withLock { $0 = nil }
    for second in Milliseconds(0)..<10 {
      #expect(reader.lags(of: [1, 2], at: start + second * 1000) == [1: 7, 2: 7])
    }
    #expect(answers.count == 1)
    _ = reader.lags(of: [1, 2], at: start + LagReader.interval)
    try awaiting("The second question") { answers.count == 2 }
    try expect([1: 7, 2: 7], of: [1, 2], at: start + LagReader.interval)
    #expect(answers.asked.withLock { $0 } == [[1, 2], [1, 2]])
  }

  @Test("Nothing is asked where every partition is fetched, and nothing old is told of one that comes again")
  func nothing() throws {
    try expect([:], of: [1], at: 0)
    try expect([1: 7], of: [1], at: LagReader.grace)
    for hour in Milliseconds(1)..<100 { #expect(reader.lags(of: [], at: hour * 3_600_000) == [:]) }
    #expect(reader.lags(of: [1], at: 400_000_000) == [:])
    reader.close()
    #expect(answers.count == 1)
  }
}
