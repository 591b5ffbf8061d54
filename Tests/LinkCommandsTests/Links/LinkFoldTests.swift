import LinkCore
import Testing

@testable import LinkCommands

@Suite("The fold of a state partition")
struct LinkFoldTests {
  private static let waiting = Link.sample(.scheduled(due: Timestamp(milliseconds: 9_000_000)))
  private static let failed = Link.sample(.failed(at: Timestamp(milliseconds: 3_000_000), code: .adapterRejected))

  private func record(key: [UInt8]?, value: [UInt8]?, offset: Int64 = 9) -> SourceRecord {
    SourceRecord(
      partition: 5, offset: offset, timestamp: Timestamp(milliseconds: 0), key: key, value: value, headers: [])
  }

  @Test("keeps the last state of each link, and of those only what is wanted")
  func last() {
    var fold = LinkFold { $0.failureCode == nil ? nil : $0.key.userId }
    fold.take(Self.waiting.record(offset: 0))
    fold.take(Link.sample(user: 2, .failed(at: Timestamp(milliseconds: 1), code: .userForbidden)).record(offset: 1))
    #expect(Array(fold.kept) == [2])
    fold.take(Self.failed.record(offset: 2))
    #expect(fold.kept.sorted() == [2, 14601])
    fold.take(Self.waiting.record(offset: 3))
    #expect(Array(fold.kept) == [2])
  }

  @Test("forgets a link that was tombstoned, and passes over marks and identities")
  func tombstones() {
    var fold = LinkFold { $0.key }
    fold.take(Self.failed.record(offset: 0))
    fold.take(record(key: StateKey.mark(partition: 5, offset: 1).encoded(), value: Array("not even JSON".utf8)))
    fold.take(record(key: StateKey.identity(partition: 5).encoded(), value: nil))
    #expect(Array(fold.kept) == [Self.failed.key])
    fold.take(record(key: StateKey.link(Self.failed.key).encoded(), value: nil))
    #expect(fold.kept.isEmpty && fold.damage == LinkDamage())
  }

  @Test("counts a link whose last record cannot be read as none, and says where that is")
  func damage() throws {
    var fold = LinkFold { $0.key }
    fold.take(Self.failed.record(offset: 0))
    fold.take(record(key: StateKey.link(Self.failed.key).encoded(), value: Array(#"{"v":2}"#.utf8), offset: 7))
    fold.take(record(key: Array("elsewhere".utf8), value: Array("{}".utf8), offset: 8))
    fold.take(record(key: nil, value: nil))
    #expect(fold.kept.isEmpty && fold.damage.count == 3)
    #expect(fold.damage.first == .init(partition: 5, offset: 7, fault: .unknownVersion(2)))
    let failure = try #require(fold.damage.failure(topic: "s"))
    #expect(failure.exitCode == .found)
    #expect(
      failure.lines.map(\.description) == [
        "linkworker: read: topic s: 3 records cannot be read, the first at partition 5, offset 7, and what they were about is left "
          + "out: A state record has the version 2, this release knows 1. Try: run the release that wrote it."
      ])
  }

  @Test("What a later record of the same key has mended, or a tombstone has ended, is no damage")
  func mended() {
    let (link, stray) = (StateKey.link(Self.failed.key).encoded(), Array("elsewhere".utf8))
    var fold = LinkFold { $0.key }
    for key in [link, stray] { fold.take(record(key: key, value: Array("garbage".utf8))) }
    #expect(fold.damage.count == 2)
    fold.take(Self.failed.record(offset: 10))
    fold.take(record(key: stray, value: nil, offset: 11))
    #expect(Array(fold.kept) == [Self.failed.key] && fold.damage == LinkDamage())
    for offset in [12, 13] as [Int64] { fold.take(record(key: link, value: Array("garbage".utf8), offset: offset)) }
    #expect(fold.kept.isEmpty && fold.damage.count == 1 && fold.damage.first?.offset == 13)
    fold.take(record(key: link, value: nil, offset: 14))
    #expect(fold.damage == LinkDamage())
  }

  @Test("asks for nothing of links that are not named, where some are")
  func named() {
    var fold = LinkFold(keys: [StateKey.link(Self.failed.key).encoded()]) { $0.key.userId }
    fold.take(Link.sample(user: 2, .succeeded(at: Timestamp(milliseconds: 1))).record(offset: 0))
    fold.take(record(key: Array("link/3/k".utf8), value: Array("damaged".utf8)))
    fold.take(Self.failed.record(offset: 2))
    #expect(Array(fold.kept) == [14601] && fold.damage.count == 0)
  }
}
