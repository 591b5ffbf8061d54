import LinkCore
import LinkKafka

/// Reads the state topic, one partition after the other, so that no more than one partition's links are in memory.
final class LinkScan {
  /// How many partitions the state topic has, and so the requests topic.
  var partitionCount: Int32 { scan.partitionCount }
  private let scan: TopicScan
  private var damage = LinkDamage()

  /// Throws where the state topic is not there or may not be read.
  ///
  /// - Parameter tell: Is told how many records were read, and how much of the whole that is.
  init(
    _ settings: WorkerSettings, _ properties: KafkaProperties, tell: @escaping (Int, Double?) -> Void = { _, _ in }
  ) throws(KafkaFailure) {
    scan = try TopicScan(.state, settings, properties, tell: tell)
  }

  /// Hands out what is kept of the wanted links as they stand now, a partition at a time, those in the order of their numbers.
  ///
  /// - Parameters:
  ///   - partitions: Those to read, as `LinkFilter.partitions` says them.
  ///   - keys: The only links that are wanted; nil: any.
  ///   - keep: What to keep of a link; nil where it is not wanted. It is asked for every record, and so for older states as well.
  ///   - each: Takes what was kept of a partition's links, in no order; false ends the reading.
  func read<Kept>(
    _ partitions: [Int32], keys: Set<LinkKey>? = nil, keep: @escaping (Link) -> Kept?, each: ([Kept]) -> Bool
  ) throws(KafkaFailure) {
    let keys = keys.map { Set($0.map { StateKey.link($0).encoded() }) }
    let ranges = try scan.ranges(of: partitions)
    for (partition, range) in ranges.sorted(by: { $0.key < $1.key }) {
      var fold = LinkFold(keys: keys, keep: keep)
      try scan.read([partition: range]) {
        fold.take($0)
        return true
      }
      damage.add(fold.damage)
      guard each(Array(fold.kept)) else { return }
    }
  }

  /// The links of these names as they stand now, by name; one that is not known is not in it. Reads their home partitions alone.
  func links(_ keys: Set<LinkKey>) throws(KafkaFailure) -> [LinkKey: Link] {
    let homes = Set(keys.map { HomePartition.of(userId: $0.userId, partitionCount: partitionCount) })
    var found: [LinkKey: Link] = [:]
    try read(homes.sorted(), keys: keys, keep: { $0 }) { links in
      for link in links { found[link.key] = link }
      return true
    }
    return found
  }

  /// What to say where records could not be read, once all else is told; nil where all could.
  var failure: CommandFailure? { damage.failure(topic: scan.topic) }
}
