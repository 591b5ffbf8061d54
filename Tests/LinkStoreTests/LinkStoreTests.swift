import Glibc
import LinkCore
import LinkStore
import Testing

@Suite struct LinkStoreTests {
  let scratch = ScratchDirectory()

  @Test("The SQLite store keeps every rule of the port", arguments: LinkStorageRule.allCases)
  func rules(_ rule: LinkStorageRule) throws {
    var store = try scratch.open()
    try rule.check(&store)
  }

  @Test("A second worker on the same directory is refused with exit code 78")
  func locked() throws {
    let first = try scratch.open()
    let failure = try #require(throws: StoreFailure.self) { try scratch.open() }
    #expect(failure.kind == .locked)
    #expect(failure.exitCode == 78)
    _ = try first.perform([.lookUp(ticket: 1, key: Sample.key(1))])
  }

  @Test("The directory is free again when the store is gone")
  func unlocked() throws {
    try scratch.open().close()
    try scratch.open().close()
  }

  @Test("A directory that cannot be made is refused with exit code 73")
  func unwritable() throws {
    scratch.write([], to: scratch.store)
    defer { unlink(scratch.store) }
    let failure = try #require(throws: StoreFailure.self) { try scratch.open() }
    #expect(failure.kind == .unwritable)
    #expect(failure.exitCode == 73)
    #expect(failure.description.contains("store.directory"))
  }

  @Test("The directory and its files are for their owner alone")
  func permissions() throws {
    let store = try scratch.open()
    _ = try store.perform([.journal(ticket: 1, entries: [Sample.entry(Sample.key(1))])])
    #expect(mode(scratch.store) == 0o700)
    #expect(scratch.files == ["instance", "links.db", "links.db-wal", "lock"])
    for file in scratch.files { #expect(mode(scratch.store + "/" + file) == 0o600, "\(file)") }
  }

  @Test("The instance name is made once and stays")
  func instance() throws {
    let name = try scratch.open().instanceID
    #expect(name.count == 16)
    #expect(try scratch.open().instanceID == name)
    #expect(try scratch.open(instanceID: "worker-1").instanceID == "worker-1")
    #expect(try scratch.open().instanceID == name)
    #expect(scratch.told == [.instanceNamed(name)])
    #expect(try ScratchDirectory().open().instanceID != name)
  }

  @Test("An instance file that holds no name is replaced")
  func instanceDamaged() throws {
    mkdir(scratch.store, 0o700)
    scratch.write(Array("a/b\n".utf8), to: scratch.store + "/instance")
    let name = try scratch.open().instanceID
    #expect(name.count == 16)
    #expect(try scratch.open().instanceID == name)
  }

  @Test("A journaled answer and the view are there after a crash")
  func crash() throws {
    var store = try scratch.open()
    try store.apply([Sample.scheduled(Sample.key(1), due: 10)])
    _ = try store.perform([.journal(ticket: 1, entries: [Sample.entry(Sample.key(1))])])
    let copy = scratch.crashCopy()
    var after = try copy.open()
    #expect(try after.found(Sample.key(1)).link != nil)
    #expect(try after.found(Sample.key(1)).journaled != nil)
    #expect(copy.told.isEmpty)
  }

  @Test("Taken and parked links are due again when the store is opened again")
  func wakes() throws {
    var store = try scratch.open()
    try store.apply([Sample.scheduled(Sample.key(1), due: 10), Sample.scheduled(Sample.key(2), due: 11)])
    #expect(try store.due(until: 20).links.count == 2)
    _ = try store.perform([.park(partition: 0, [(Sample.key(2), until: Sample.at(1000))])])
    var after = try scratch.crashCopy().open()
    #expect(try after.due(until: 20).links.map(\.link.key.userId) == [1, 2])
    #expect(try after.parked(2).isEmpty)
  }

  @Test("Work that fails does nothing at all")
  func atomic() throws {
    var store = try scratch.open()
    try store.apply([Sample.scheduled(Sample.key(1), due: 10)])
    store.limit(pages: 1)
    let more = (2...200).map { StateRecord.link(Sample.scheduled(Sample.key($0), due: 10)) }
    let failure = try #require(throws: StoreFailure.self) {
      _ = try store.perform([
        .takeDue(ticket: 2, partition: 0, until: Sample.at(10), limit: 1, taken: 0), Sample.apply(more),
      ])
    }
    #expect(failure.kind == .full)
    #expect(try store.found(Sample.key(2)).link == nil)
    #expect(try store.due(until: 10).links.count == 1)
  }

  @Test(
    "A row whose key is not that of its digest is damage: its link does not pass for unknown, and is not written over")
  func otherKey() throws {
    for isWrite in [false, true] {
      // With one digest for all, the row of the first link stands where that of the second would.
      let scratch = ScratchDirectory()
      var store = try scratch.open(sha256: { _ in Sample.digest(1) })
      try store.apply([Sample.scheduled(Sample.key(1), due: 10)])
      let failure = try #require(throws: StoreFailure.self) {
        if isWrite {
          try store.apply([Sample.scheduled(Sample.key(2), due: 10)])
        } else {
          _ = try store.found(Sample.key(2))
        }
      }
      #expect(failure.kind == .damaged)
    }
  }

  @Test("On a full disk work fails as such, changes nothing, and succeeds when there is room again")
  func full() throws {
    var store = try scratch.open()
    let links = (1...200).map { Sample.scheduled(Sample.key($0), due: 10) }
    store.limit(pages: 1)
    let failure = try #require(throws: StoreFailure.self) {
      _ = try store.perform([Sample.apply(links.map { .link($0) })])
    }
    #expect(failure.kind == .full)
    #expect(failure.isPassing)
    #expect(failure.exitCode == 73)
    #expect(try store.found(Sample.key(1)).link == nil)
    store.limit(pages: 1 << 20)
    try store.apply(links)
    #expect(try store.linkCount(0) == 200)
  }

  private func mode(_ path: String) -> mode_t {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
  }
}
