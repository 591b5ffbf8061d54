import LinkCore
import Testing

@testable import LinkStore

@Suite struct StoreFiguresTests {
  let scratch = ScratchDirectory()

  @Test("The count of scheduled links is what a walk of the indexes finds, whatever became of the links")
  func scheduled() throws {
    let parts = try history()
    #expect(parts.allSatisfy { $0 > 0 })
    let again = try scratch.open()
    #expect(try [0, 1, 2].map { try again.figures(of: [$0]).scheduled } == parts)
  }

  /// Does many things to links of three partitions, and returns how many of each are scheduled then. The store is closed.
  private func history() throws -> [Int64] {
    var store = try scratch.open()
    var random = SeededRandom(seed: 3)
    for round in 0..<400 {
      let partition = Int32(random.next() % 3)
      let key = Sample.key(Int64(random.next() % 60) * 3 + Int64(partition))
      let state: Link.State =
        switch random.next() % 3 {
        case 0: .succeeded(at: Sample.at(5))
        case 1: .failed(at: Sample.at(6), code: .adapterRejected)
        default: .scheduled(due: Sample.at(Int64(random.next() % 100)))
        }
      switch random.next() % 8 {
      case 0: _ = try store.perform([Sample.apply([.tombstone(.link(key))], partition: partition)])
      case 1: _ = try store.due(partition, until: 50, limit: 3)
      case 2: _ = try store.perform([.park(partition: partition, [(key, until: Sample.at(1000))])])
      case 3 where round % 40 == 0: try store.begin(partition)
      default:
        _ = try store.perform([
          Sample.apply([.link(Sample.link(key, state, partition: partition))], partition: partition)
        ])
      }
      #expect(try store.figures(of: [0, 1, 2]).scheduled == Int64(store.scheduledCount()))
    }
    let parts = try [0, 1, 2].map { try store.figures(of: [$0]).scheduled }
    #expect(parts.reduce(0, +) == Int64(try store.scheduledCount()))
    #expect(try store.figures(of: [9]).scheduled == 0)
    try store.close()
    return parts
  }

  @Test("Work that is rolled back was never counted")
  func rollback() throws {
    let store = try scratch.open()
    _ = try store.perform([Sample.apply([.link(Sample.scheduled(Sample.key(1), due: 1))])])
    store.limit(pages: 1)
    let more = (2...200).map { StateRecord.link(Sample.scheduled(Sample.key($0), due: 1)) }
    #expect(throws: StoreFailure.self) {
      _ = try store.perform([Sample.apply([.tombstone(.link(Sample.key(1)))]), Sample.apply(more)])
    }
    #expect(try store.figures(of: [0]).scheduled == 1)
  }

  @Test("Journaled answers and the files are counted")
  func journal() throws {
    let store = try scratch.open()
    let entries = (1...30).map { Sample.entry(Sample.key($0), payload: String(repeating: "x", count: 5000)) }
    _ = try store.perform([.journal(ticket: 1, entries: entries)])
    let figures = try store.figures(of: [])
    #expect(figures.journaled == 30 && figures.size > 150_000)
    _ = try store.perform([Sample.apply([], settled: entries.prefix(10).map(\.key))])
    #expect(try store.figures(of: []).journaled == 20)
  }

  @Test("Looks at the figures, however many, do not put off the tidying by which dropped answers leave the log")
  func tidying() throws {
    let log = AnswerLog()
    let thread = try StoreThread(
      store: scratch.open(), retryDelay: 1, tidyDelay: 100, onAnswers: { log.add($0) }, onFailure: { log.fail($0) })
    let entry = Sample.entry(Sample.key(1), payload: "token-of-nobody")
    thread.submit([.journal(ticket: 1, entries: [entry])])
    try log.until { $0.answers.count == 1 }
    #expect(filesHoldToken)
    thread.submit([Sample.apply([], settled: [entry.key])])
    try log.until { state in
      thread.readFigures(of: [0]) { _ in }
      return state.answers.count == 2 && !filesHoldToken
    }
    thread.stop()
    #expect(log.state.failures.isEmpty)
  }

  private var filesHoldToken: Bool {
    scratch.files.contains { scratch.bytes(of: scratch.store + "/" + $0).contains("token-of-nobody") }
  }
}
