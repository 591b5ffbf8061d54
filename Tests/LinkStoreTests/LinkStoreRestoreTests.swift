import LinkCore
import LinkStore
import Testing

@Suite struct LinkStoreRestoreTests {
  let scratch = ScratchDirectory()
  let identity = Identity(high: .max, low: 3)

  @Test("A view begins with the first records that it absorbs, and an apply moves it on")
  func view() throws {
    let store = try scratch.open()
    #expect(try store.view(4) == nil)
    try store.absorb(4, entries: [(9, .identity(partition: 4, identity))], checkpoint: 12, at: Sample.at(50))
    #expect(
      try store.view(4)
        == PartitionView(identity: identity, identityOffset: 9, checkpoint: 12, checkpointedAt: Sample.at(50)))
    _ = try store.perform([Sample.apply([], partition: 4, checkpoint: 20)])
    #expect(
      try store.view(4)
        == PartitionView(identity: identity, identityOffset: 9, checkpoint: 20, checkpointedAt: Sample.at(77)))
    #expect(try store.view(5) == nil)
  }

  @Test("An identity that is only applied has no offset until it is absorbed, and keeps the one it has")
  func identityOffset() throws {
    let store = try scratch.open()
    try store.absorb(0, entries: [], checkpoint: 0, at: Sample.at(50))
    _ = try store.perform([Sample.apply([.identity(partition: 0, identity)])])
    #expect(try store.view(0)?.identity == identity)
    #expect(try store.view(0)?.identityOffset == nil)
    try store.absorb(0, entries: [(2, .identity(partition: 0, identity))], checkpoint: 3, at: Sample.at(50))
    _ = try store.perform([Sample.apply([.identity(partition: 0, identity)])])
    #expect(try store.view(0)?.identityOffset == 2)
    _ = try store.perform([Sample.apply([.identity(partition: 0, Identity(high: 1, low: 1))])])
    #expect(try store.view(0)?.identityOffset == nil)
  }

  @Test("A checkpoint that comes late does not make a view, nor move one back")
  func lateCheckpoint() throws {
    let store = try scratch.open()
    _ = try store.perform([Sample.apply([.link(Sample.scheduled(Sample.key(1), due: 1))], checkpoint: 40)])
    #expect(try store.view(0) == nil)
    try store.absorb(0, entries: [], checkpoint: 50, at: Sample.at(50))
    _ = try store.perform([Sample.apply([], checkpoint: 40)])
    #expect(try store.view(0)?.checkpoint == 50)
  }

  @Test("Beginning a partition anew drops its links, marks and view, and neither the journal nor another partition")
  func begin() throws {
    var store = try scratch.open()
    for partition in [Int32(1), 2] {
      var links = (1...250).map { number in
        Sample.scheduled(Sample.key(number + Int64(partition) * 1000), due: 10, partition: partition)
      }
      links += (1...250).map { number in
        Sample.link(Sample.key(-number - Int64(partition) * 1000), .succeeded(at: Sample.at(1)), partition: partition)
      }
      var records = links.map { StateRecord.link($0) }
      records += (1...250).map { .mark(Mark(partition: partition, offset: $0, digest: Sample.digest(1))) }
      try store.absorb(
        partition, entries: records.enumerated().map { (Int64($0), $1) }, checkpoint: 800, at: Sample.at(50))
    }
    _ = try store.due(1, until: 10, limit: 100)
    _ = try store.perform([
      .park(partition: 1, [(Sample.key(1001), until: Sample.at(1000))]),
      .journal(ticket: 1, entries: [Sample.entry(Sample.key(1001))]),
    ])
    #expect(try store.linkCount(1) == 500)
    #expect(try store.scheduledCount() == 500)
    try store.begin(1)
    #expect(try store.view(1) == nil)
    #expect(try store.linkCount(1) == 0)
    #expect(try !store.hasLinks(1))
    #expect(try store.marks(1).isEmpty)
    #expect(try store.scheduledCount() == 250)
    #expect(try store.linkCount(2) == 500)
    #expect(try store.hasLinks(2))
    #expect(try store.marks(2).count == 250)
    #expect(try store.view(2)?.checkpoint == 800)
    #expect(try store.found(Sample.key(1001)).journaled != nil)
  }

  @Test("A purge that stops half-way leaves no view behind")
  func purge() throws {
    let store = try scratch.open()
    let entries = (1...10).map { (offset: $0, record: StateRecord.link(Sample.scheduled(Sample.key($0), due: 1))) }
    try store.absorb(0, entries: entries, checkpoint: 11, at: Sample.at(50))
    #expect(try !store.purge(0, limit: 4))
    #expect(try store.view(0) == nil)
    #expect(try store.linkCount(0) == 6)
    #expect(try !store.purge(0, limit: 6))
    #expect(try store.purge(0, limit: 6))
  }

  @Test("The log of a restore grows on where other work's starts again, and a scrub clears it")
  func log() throws {
    var store = try scratch.open()
    let log = scratch.database + "-wal"
    for batch in 0..<12 {
      let links = Self.large(batch)
      try store.absorb(0, entries: links.map { ($0.origin.offset, .link($0)) }, checkpoint: 1, at: Sample.at(50))
    }
    #expect(scratch.bytes(of: log).count > 10 << 20)
    try store.scrub()
    #expect(scratch.bytes(of: log).isEmpty)
    for batch in 12..<24 { try store.apply(Self.large(batch)) }
    #expect(scratch.bytes(of: log).count < 8 << 20)
    #expect(try store.linkCount(0) == 24 * 250)
    #expect(try store.scheduledCount() == 24 * 250)
  }

  /// Links with about a mebibyte of records in all.
  private static func large(_ batch: Int) -> [Link] {
    let context = Array(#"{"a":"\#(String(repeating: "x", count: 4_000))"}"#.utf8)
    return (1...250).map { number in
      let user = Int64(batch * 250 + number)
      var link = Sample.scheduled(Sample.key(user), due: 1, offset: user)
      link.request?.context = context
      return link
    }
  }

  @Test("Marks come by offset, and a tombstone drops one")
  func marks() throws {
    let store = try scratch.open()
    let marks = [Int64(7), 3, 5].map { Mark(partition: 2, offset: $0, digest: Sample.digest(UInt8($0))) }
    try store.absorb(2, entries: marks.map { ($0.offset, .mark($0)) }, checkpoint: 8, at: Sample.at(50))
    #expect(try store.marks(2).map(\.offset) == [3, 5, 7])
    _ = try store.perform([Sample.apply([.tombstone(.mark(partition: 2, offset: 5))], partition: 2)])
    #expect(try store.marks(2) == [marks[1], marks[0]])
    #expect(try store.marks(1).isEmpty)
  }

  @Test("Opening a lane wakes the taken and parked links of its partition alone")
  func resetWakes() throws {
    var store = try scratch.open()
    for partition in [Int32(0), 1] {
      let keys = [Sample.key(Int64(partition) * 10 + 1), Sample.key(Int64(partition) * 10 + 2)]
      try store.apply(keys.map { Sample.scheduled($0, due: 5, partition: partition) }, partition: partition)
      _ = try store.due(partition, until: 5)
      _ = try store.perform([.park(partition: partition, [(keys[1], until: Sample.at(1000))])])
      #expect(try store.nextWake(partition) == Sample.at(1000), "that of the parked one")
    }
    try store.resetWakes(1)
    #expect(try store.nextWake(0) == Sample.at(1000))
    #expect(try store.nextWake(1) == Sample.at(5))
    #expect(try store.due(1, until: 5).links.map(\.link.key.userId) == [11, 12])
    #expect(try store.parked(12, partition: 1).isEmpty)
    #expect(try store.parked(2).count == 1)
  }

  @Test("Expired answers are dropped from the journal, others stay")
  func expireJournal() throws {
    var store = try scratch.open()
    let entries = [Sample.entry(Sample.key(1), expires: 10), Sample.entry(Sample.key(2), expires: 11)]
    _ = try store.perform([.journal(ticket: 1, entries: entries)])
    #expect(try store.expireJournal(before: Sample.at(11)) == 1)
    #expect(try store.found(Sample.key(1)).journaled == nil)
    #expect(try store.found(Sample.key(2)).journaled != nil)
  }

  @Test("A store of another cluster, topic or group is set aside without its journal, and begun anew")
  func binding() throws {
    let binding = StoreBinding(clusterID: "c", requestsTopic: "r", stateTopic: "s", group: "g")
    var store = try scratch.open()
    #expect(try store.bind(binding))
    try store.apply([Sample.scheduled(Sample.key(1), due: 1)])
    _ = try store.perform([.journal(ticket: 1, entries: [Sample.entry(Sample.key(1), payload: "the-token")])])
    #expect(try store.bind(binding))
    #expect(try store.linkCount(0) == 1)
    var others = [binding, binding, binding, binding]
    others[0].clusterID = "x"
    others[1].requestsTopic = "x"
    others[2].stateTopic = "x"
    others[3].group = "x"
    for other in others {
      #expect(try !store.bind(other))
      #expect(try store.found(Sample.key(1)).link == nil)
      #expect(try store.found(Sample.key(1)).journaled == nil)
      #expect(try store.bind(other))
      try store.apply([Sample.scheduled(Sample.key(1), due: 1)])
    }
    let names = scratch.files.filter { $0.contains("foreign") }
    #expect(names == ["links.db.foreign-2", "links.db.foreign-3", "links.db.foreign-4"])
    for file in scratch.files {
      #expect(!scratch.bytes(of: scratch.store + "/" + file).contains("the-token"), "\(file)")
    }
  }
}
