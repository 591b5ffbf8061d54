import LinkCore
import Testing

@Suite("Home partitions")
struct HomePartitionTests {
  @Test(
    "murmur2 gives the values of Kafka's own tests",
    arguments: [
      ("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536),
      ("a-little-bit-longer-string", -1_486_304_829), ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
      ("abc", 479_470_107),
    ] as [(String, Int32)])
  func matchesKafka(text: String, hash: Int32) {
    #expect(HomePartition.murmur2(Array(text.utf8)) == UInt32(bitPattern: hash))
  }

  @Test("A home is the positive hash of the decimal userId modulo the number of partitions")
  func matchesJavasPartitioner() {
    // -973932308 without its sign bit is 1173551340.
    #expect(HomePartition.of(userId: 21, partitionCount: 12) == 1_173_551_340 % 12)
    #expect(HomePartition.of(userId: 21, partitionCount: 7) == 1_173_551_340 % 7)
    for userId in [1, 14601, .max] as [Int64] {
      #expect(HomePartition.of(userId: userId, partitionCount: 1) == 0)
      #expect((0..<Int32.max).contains(HomePartition.of(userId: userId, partitionCount: .max)))
    }
  }
}
