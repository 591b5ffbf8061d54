import LinkCore
import LinkStore
import Testing

@Suite struct LinkStoreDamageTests {
  let scratch = ScratchDirectory()

  /// Writes a closed store of 100 links.
  private func fill() throws {
    var store = try scratch.open()
    try store.absorb(0, entries: [], checkpoint: 9, at: Sample.at(1))
    try store.apply((1...100).map { Sample.scheduled(Sample.key($0), due: $0, offset: $0) })
    try store.close()
  }

  @Test("A file that is no database is set aside and begun anew")
  func garbage() throws {
    try fill()
    scratch.write(Array(repeating: 0x58, count: 40_000), to: scratch.database)
    let store = try scratch.open()
    #expect(try store.view(0) == nil)
    #expect(try !store.hasLinks(0))
    #expect(isSetAside)
  }

  @Test("A database that was cut is set aside and begun anew", arguments: [100, 4096, 20_000])
  func truncated(_ size: Int) throws {
    try fill()
    scratch.write(Array(scratch.bytes(of: scratch.database).prefix(size)), to: scratch.database)
    let store = try scratch.open()
    #expect(try store.view(0) == nil)
    #expect(isSetAside)
  }

  @Test("An empty file is a new store")
  func empty() throws {
    try fill()
    scratch.write([], to: scratch.database)
    #expect(try scratch.open().view(0) == nil)
    #expect(!isSetAside)
  }

  @Test(
    "A database of an earlier or later version, or of another application, is set aside",
    arguments: [(60, UInt8(1)), (60, 255), (68, 1)])
  func foreign(_ offset: Int, _ change: UInt8) throws {
    try fill()
    // The database header has the user version at 60 and the application id at 68, big-endian.
    var bytes = scratch.bytes(of: scratch.database)
    bytes[offset + 3] &+= change
    scratch.write(bytes, to: scratch.database)
    #expect(try scratch.open().view(0) == nil)
    #expect(isSetAside)
  }

  @Test("At most three damaged databases are kept")
  func kept() throws {
    for _ in 1...5 {
      try fill()
      var bytes = scratch.bytes(of: scratch.database)
      bytes[63] &+= 1
      scratch.write(bytes, to: scratch.database)
      try scratch.open().close()
    }
    #expect(scratch.files.filter { $0.contains("damaged") } == (3...5).map { "links.db.damaged-\($0)" })
  }

  @Test("A flipped bit is noticed or harmless: no link is read otherwise than it was written", arguments: 0..<4)
  func flips(_ seed: UInt64) throws {
    try fill()
    let whole = scratch.bytes(of: scratch.database)
    var random = SeededRandom(seed: seed)
    var noticed = 0
    for _ in 0..<30 {
      var bytes = whole
      bytes[Int(random.next() % UInt64(bytes.count))] ^= 1 << UInt8(random.next() % 8)
      scratch.write(bytes, to: scratch.database)
      do throws(StoreFailure) {
        let store = try scratch.open()
        guard try store.view(0)?.checkpoint == 9 else {
          // Begun anew, or the checkpoint itself was hit: what it says is then checked against Kafka.
          noticed += 1
          continue
        }
        for user in Int64(1)...100 {
          let answers = try store.perform([.lookUp(ticket: 1, key: Sample.key(user))])
          guard case .found(_, let link?, _)? = answers.first else { continue }
          #expect(link == Sample.scheduled(Sample.key(user), due: user, offset: user))
        }
      } catch {
        #expect(error.kind == .damaged, "\(error)")
        #expect(error.exitCode == 75)
        noticed += 1
      }
    }
    #expect(noticed > 0)
  }

  @Test("A cut or flipped write-ahead log leaves an earlier state, never a mixture", arguments: 0..<8)
  func log(_ seed: UInt64) throws {
    let store = try scratch.open()
    try store.absorb(0, entries: [], checkpoint: 0, at: Sample.at(1))
    for checkpoint in Int64(1)...20 {
      let links = (1...20).map { StateRecord.link(Sample.scheduled(Sample.key($0), due: checkpoint)) }
      _ = try store.perform([Sample.apply(links, checkpoint: checkpoint)])
    }
    var random = SeededRandom(seed: seed)
    for _ in 0..<10 {
      let copy = scratch.crashCopy()
      let log = copy.database + "-wal"
      var bytes = copy.bytes(of: log)
      let place = Int(random.next() % UInt64(bytes.count))
      if random.next() % 2 == 0 { bytes.removeLast(bytes.count - place) } else { bytes[place] ^= 0x10 }
      copy.write(bytes, to: log)
      var after = try copy.open()
      // Without a view it was begun anew; the log may have held the very first transaction.
      guard let view = try after.view(0), view.checkpoint > 0 else { continue }
      for user in Int64(1)...20 {
        #expect(try after.found(Sample.key(user)).link?.state == .scheduled(due: Sample.at(view.checkpoint)))
      }
    }
  }

  @Test("Damage that is met at work closes the store, and the next opening begins anew")
  func met() throws {
    try fill()
    // The links' records, with the check sums of their rows left as they are.
    var bytes = scratch.bytes(of: scratch.database)
    let needle = Array("Broker".utf8)
    for place in 0..<(bytes.count - needle.count) where bytes[place..<(place + needle.count)].elementsEqual(needle) {
      bytes[place] = UInt8(ascii: "b")
    }
    scratch.write(bytes, to: scratch.database)
    var store = try scratch.open()
    let failure = try #require(throws: StoreFailure.self) { _ = try store.found(Sample.key(5)) }
    #expect(failure.kind == .damaged)
    #expect(!failure.isPassing)
    #expect(isSetAside)
    let again = try #require(throws: StoreFailure.self) { try store.view(0) }
    #expect(again == failure)
    try store.close()
    store = try ScratchDirectory().open()
    #expect(try scratch.open().view(0) == nil)
  }

  private var isSetAside: Bool {
    scratch.told.contains { event in if case .setAside = event { true } else { false } }
  }
}
