import Glibc
import LinkCore
import LinkTestSupport
import Synchronization
import Testing

@testable import LinkStore

@Suite struct StoreThreadTests {
  let scratch = ScratchDirectory()
  let log = AnswerLog()

  private func start(retryDelay: Milliseconds = 1, tidyDelay: Milliseconds = 1000) throws -> StoreThread {
    let log = log
    return try StoreThread(
      store: scratch.open(), retryDelay: retryDelay, tidyDelay: tidyDelay, onAnswers: { log.add($0) },
      onFailure: { log.fail($0) })
  }

  @Test("Answers come in the order of the work, many to a transaction")
  func order() throws {
    let thread = try start()
    // Made before: the work comes faster than it can be done.
    let work = (1...5000).map { number -> StoreWork in
      .journal(ticket: UInt64(number), entries: [Sample.entry(Sample.key(Int64(number)))])
    }
    for item in work { thread.submit([item]) }
    try log.until { $0.answers.count == 5000 }
    #expect(log.state.answers.map(\.ticket) == Array(1...5000))
    #expect(log.state.turns < 2500)
    #expect(thread.waitingCount == 0)
    thread.stop()
    #expect(log.state.failures.isEmpty)
  }

  @Test("An errand is done after what was submitted before it, and gives its result or its failure")
  func errand() throws {
    let thread = try start()
    thread.submit([Sample.apply([.link(Sample.scheduled(Sample.key(1), due: 1))])])
    #expect(try thread.withStore { store throws(StoreFailure) in try store.linkCount(0) } == 1)
    let failure = StoreFailure(.defect, operation: "a", subject: "b", reason: "c")
    #expect(throws: failure) {
      try thread.withStore { _ throws(StoreFailure) in throw failure }
    }
    try thread.begin(0)
    #expect(try thread.withStore { store throws(StoreFailure) in try store.linkCount(0) } == 0)
    thread.stop()
  }

  @Test("A stop does what was submitted, closes the store, and ends the thread; later work is refused")
  func stop() throws {
    let thread = try start()
    let links = (1...3000).map { StateRecord.link(Sample.scheduled(Sample.key($0), due: 1)) }
    for link in links { thread.submit([Sample.apply([link])]) }
    thread.stop()
    thread.stop()
    #expect(log.state.answers.count == 3000)
    thread.submit([.lookUp(ticket: 1, key: Sample.key(1))])
    #expect(throws: StoreKeeper.stopped) { try thread.withStore { _ throws(StoreFailure) in } }
    #expect(scratch.files == ["instance", "links.db", "lock"])
    #expect(try scratch.open().linkCount(0) == 3000)
  }

  @Test(
    "On a full disk nothing is answered, the failure is told, and the work is done once there is room, which is told once"
  )
  func full() throws {
    let log = log
    let store = try scratch.open()
    // Used by the store's own thread alone, as the callbacks run there.
    nonisolated(unsafe) let same = store
    let thread = try StoreThread(
      store: store, retryDelay: 1, onAnswers: { log.add($0) },
      onFailure: { failure in
        log.fail(failure)
        if log.state.failures.count == 3 { same.limit(pages: 1 << 20) }
      }, onRecovery: { log.recover() })
    try thread.withStore { store throws(StoreFailure) in store.limit(pages: 1) }
    let links = (1...300).map { StateRecord.link(Sample.scheduled(Sample.key($0), due: 1)) }
    thread.submit([Sample.apply(links)])
    try log.until { $0.answers.count == 1 }
    #expect(log.state.failures.map(\.kind) == [.full, .full, .full])
    #expect(log.state.recoveries == 1)
    #expect(try thread.withStore { store throws(StoreFailure) in try store.linkCount(0) } == 300)
    thread.stop()
  }

  @Test("A stop gives up work that fails, and does not wait for the disk")
  func stopWhileFull() throws {
    let thread = try start(retryDelay: 3_600_000)
    try thread.withStore { store throws(StoreFailure) in store.limit(pages: 1) }
    let links = (1...300).map { StateRecord.link(Sample.scheduled(Sample.key($0), due: 1)) }
    thread.submit([Sample.apply(links)])
    try log.until { $0.failures.count == 1 }
    thread.stop()
    #expect(log.state.answers.isEmpty)
    #expect(try scratch.open().linkCount(0) == 0)
  }

  @Test("Damage ends the store: it is told once, and nothing is answered any more")
  func damage() throws {
    let thread = try start()
    try thread.withStore { store throws(StoreFailure) in
      _ = try store.perform([Sample.apply([.link(Sample.scheduled(Sample.key(1), due: 1))])])
      try store.transaction(.viewing) { connection throws(StoreFailure) in
        try connection.database.execute("UPDATE links SET seal = 0", for: "damage a row")
      }
    }
    thread.submit([.lookUp(ticket: 1, key: Sample.key(1))])
    thread.submit([.lookUp(ticket: 2, key: Sample.key(2))])
    let failure = try #require(throws: StoreFailure.self) {
      try thread.withStore { store throws(StoreFailure) in try store.linkCount(0) }
    }
    #expect(failure.kind == .damaged)
    thread.stop()
    #expect(log.state.failures == [failure])
    #expect(log.state.answers.isEmpty)
  }

  @Test("An idle thread clears dropped answers out of the log by itself")
  func tidy() throws {
    let thread = try start(tidyDelay: 1)
    let entry = Sample.entry(Sample.key(1), payload: "token-of-nobody")
    thread.submit([.journal(ticket: 1, entries: [entry]), Sample.apply([], settled: [entry.key])])
    try log.until { $0.answers.count == 2 }
    let scratch = scratch
    try awaiting("An empty log") { scratch.bytes(of: scratch.database + "-wal").isEmpty }
    #expect(!scratch.bytes(of: scratch.database).contains("token-of-nobody"))
    thread.stop()
  }

  @Test("A thread that nobody holds any more ends by itself")
  func dropped() throws {
    do {
      let thread = try start()
      thread.submit([.lookUp(ticket: 1, key: Sample.key(1))])
    }
    // The lock is free: the store is gone with its thread.
    #expect(try scratch.open().linkCount(0) == 0)
    #expect(log.state.answers.count == 1)
  }
}

/// What a store thread said.
final class AnswerLog: Sendable {
  struct State {
    var answers: [StoreAnswer] = []
    var turns = 0
    var failures: [StoreFailure] = []
    var recoveries = 0
  }

  private let kept = Mutex(State())
  var state: State { kept.withLock { $0 } }

  func add(_ answers: [StoreAnswer]) {
    kept.withLock { state in
      state.answers += answers
      state.turns += 1
    }
  }

  func fail(_ failure: StoreFailure) { kept.withLock { $0.failures.append(failure) } }

  func recover() { kept.withLock { $0.recoveries += 1 } }

  func until(_ holds: (State) -> Bool) throws {
    try awaiting("What the store was to say") { holds(state) }
  }
}

extension LinkStore {
  /// Makes the disk as good as full: the database may not grow over so many pages.
  func limit(pages: Int) {
    do throws(StoreFailure) {
      try transaction(.reading) { connection throws(StoreFailure) in
        try connection.database.execute("PRAGMA max_page_count = \(pages)", for: "limit the store")
      }
    } catch {
      Issue.record(error)
    }
  }
}
