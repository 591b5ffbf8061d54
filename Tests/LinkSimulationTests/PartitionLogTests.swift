import LinkCore
import LinkCrypto
import Testing

@testable import LinkSimulation

@Suite("A simulated partition")
struct PartitionLogTests {
  private var log = PartitionLog()

  @Test("A reader sees nothing at or behind the first open transaction, and nothing aborted")
  mutating func stable() {
    append(1, of: nil)
    append(2, of: 7)
    append(3, of: nil)
    #expect(log.stableEnd == 1)
    #expect(seen() == [1])
    log.mark(7, committed: false)
    #expect(log.stableEnd == 4)
    #expect(seen() == [1, 3])
    append(4, of: 7)
    log.mark(7, committed: true)
    #expect(seen() == [1, 3, 4])
    #expect(log.read(from: 0, limit: 9).position == 6)
  }

  @Test("A marker ends its own producer's transaction alone")
  mutating func markers() {
    append(1, of: 7)
    append(2, of: 8)
    log.mark(8, committed: true)
    #expect(seen() == [])
    log.mark(7, committed: true)
    #expect(seen() == [1, 2])
  }

  @Test("Compaction keeps the last record of a key, and old tombstones go")
  mutating func compaction() {
    append(1, of: nil)
    append(1, of: nil)
    append(2, of: nil)
    log.append(.state(.tombstone(.mark(partition: 0, offset: 2))), of: nil, at: 10)
    append(3, of: nil)
    log.compact(tombstonesBefore: 5)
    #expect(log.entries.map(\.offset) == [1, 3, 4])
    log.compact(tombstonesBefore: 50)
    #expect(log.entries.map(\.offset) == [1, 4])
    #expect(log.end == 5)
  }

  private mutating func append(_ offset: Int64, of producer: Int?) {
    log.append(.state(.mark(Mark(partition: 0, offset: offset, digest: sha256([])))), of: producer, at: 1)
  }

  /// The offsets in the marks that a read_committed reader gets.
  private func seen() -> [Int64] {
    log.read(from: 0, limit: 9).entries.compactMap { entry in
      if case .state(.mark(let mark)) = entry.body { mark.offset } else { nil }
    }
  }
}
