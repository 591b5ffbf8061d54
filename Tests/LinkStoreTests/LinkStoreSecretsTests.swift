import LinkCore
import LinkStore
import Testing

@Suite struct LinkStoreSecretsTests {
  let scratch = ScratchDirectory()

  @Test(
    "Of dropped answers no file holds a trace once the log is cleared, in whatever order and size they came and went")
  func scrubbed() throws {
    let store = try scratch.open()
    var random = SeededRandom(seed: 11)
    var live: [LinkKey] = []
    for number in 1...300 {
      let key = Sample.key(Int64(number))
      // From one that shares a page with many to one that fills several.
      let payload = String(repeating: "token-of-nobody/", count: 1 + Int(random.next() % 600))
      _ = try store.perform([.journal(ticket: 1, entries: [Sample.entry(key, payload: payload)])])
      live.append(key)
      if number % 7 == 0 {
        _ = try store.perform([.journal(ticket: 1, entries: [Sample.entry(key, payload: payload + payload)])])
      }
      while live.count > 40 + number % 50 { try settle(live.remove(at: Int(random.next() % UInt64(live.count)))) }
    }
    #expect(files(hold: "token-of-nobody"))
    while !live.isEmpty { try settle(live.remove(at: Int(random.next() % UInt64(live.count)))) }
    #expect(store.needsScrub)
    try store.scrub()
    #expect(!store.needsScrub)
    #expect(!files(hold: "token-of-nobody"))

    func settle(_ key: LinkKey) throws {
      _ = try store.perform([Sample.apply([], settled: [JournalKey(link: key, replay: 0)])])
    }
  }

  @Test("A clean close leaves no trace of dropped answers, and one file")
  func closed() throws {
    let store = try scratch.open()
    let entry = Sample.entry(Sample.key(1), payload: "token-of-nobody")
    _ = try store.perform([.journal(ticket: 1, entries: [entry])])
    _ = try store.perform([Sample.apply([], settled: [entry.key])])
    try store.close()
    #expect(scratch.files == ["instance", "links.db", "lock"])
    #expect(!files(hold: "token-of-nobody"))
  }

  @Test("After a crash the store knows that its log may hold dropped answers")
  func crashed() throws {
    let store = try scratch.open()
    let entry = Sample.entry(Sample.key(1), payload: "token-of-nobody")
    _ = try store.perform([.journal(ticket: 1, entries: [entry])])
    _ = try store.perform([Sample.apply([], settled: [entry.key])])
    #expect(try scratch.crashCopy().open().needsScrub)
  }

  @Test("Failures name no payload")
  func failures() throws {
    let store = try scratch.open(sha256: { _ in Sample.digest(1) })
    _ = try store.perform([.journal(ticket: 1, entries: [Sample.entry(Sample.key(1), payload: "token-of-nobody")])])
    let failure = try #require(throws: StoreFailure.self) {
      _ = try store.perform([.journal(ticket: 1, entries: [Sample.entry(Sample.key(2), payload: "token-of-nobody")])])
    }
    #expect(failure.kind == .damaged)
    #expect(!"\(failure)".contains("token"))
  }

  private func files(hold text: String) -> Bool {
    scratch.files.contains { scratch.bytes(of: scratch.store + "/" + $0).contains(text) }
  }
}
