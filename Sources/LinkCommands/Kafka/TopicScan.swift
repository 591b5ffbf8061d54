import LinkCore
import LinkKafka

/// Reads one of the four topics for a command: committed records only, up to the ends that stand when they are asked for, without a group.
/// One thread owns it.
final class TopicScan {
  /// The topic's name.
  let topic: String
  /// How many partitions it has.
  let partitionCount: Int32
  private let browser: KafkaBrowser
  private let ends: StateReader
  private let isStopped: () -> Bool
  private let tell: (Int, Double?) -> Void
  private var recordCount = 0
  /// Offsets that have been passed, and those that there are: a compacted topic has gaps.
  private var passed: Int64 = 0
  private var total: Int64 = 0

  /// Throws where the topic is not there or may not be read.
  ///
  /// - Parameters:
  ///   - isStopped: Ends every reading.
  ///   - tell: Is told how many records were read, and how much of the whole that is.
  init(
    _ role: TopicRole, _ settings: WorkerSettings, _ properties: KafkaProperties,
    isStopped: @escaping () -> Bool = { false }, tell: @escaping (Int, Double?) -> Void = { _, _ in }
  ) throws(KafkaFailure) {
    topic = settings.topics[role]
    self.isStopped = isStopped
    self.tell = tell
    let found = try KafkaAdmin(properties: properties).metadata(of: [topic])
    guard let count = found[topic]?.partitions else { throw .missing(topic: topic) }
    partitionCount = Int32(clamping: count)
    try properties.checkReading([topic])
    ends = try StateReader(
      properties: properties, groupID: settings.kafka.groupId, requestsTopic: settings.topics.requests,
      stateTopic: settings.topics.state)
    browser = try KafkaBrowser(properties: properties)
  }

  deinit { ends.close() }

  /// Low watermark and true end of each of these partitions, as they stand now; what is read later counts as parts of their sum.
  ///
  /// - Parameter moment: Where it is given, a range begins at the first record of that moment or a later one.
  func ranges(of partitions: [Int32], since moment: Timestamp? = nil) throws(KafkaFailure) -> [Int32: Range<Int64>] {
    var ranges: [Int32: Range<Int64>] = [:]
    for partition in partitions where (0..<partitionCount).contains(partition) {
      let (low, high) = try ends.watermarks(of: topic, partition: partition)
      ranges[partition] = low..<max(low, high)
    }
    if let moment {
      let firsts = try ends.offsets(of: topic, partitions: ranges.keys, since: moment)
      for (partition, range) in ranges {
        ranges[partition] = range.clamped(to: (firsts[partition] ?? range.upperBound)..<Int64.max)
      }
    }
    total += ranges.values.reduce(0) { $0 + Int64($1.count) }
    return ranges
  }

  /// Reads these ranges; the records of one partition come in their order.
  ///
  /// - Parameter take: Takes a record; false ends the reading.
  func read(_ ranges: [Int32: Range<Int64>], _ take: (SourceRecord) -> Bool) throws(KafkaFailure) {
    let filled = ranges.filter { !$0.value.isEmpty }
    var positions = filled.mapValues(\.lowerBound)
    var isEnded = false
    do {
      try browser.read(
        topic: topic, from: positions, to: filled.mapValues(\.upperBound), isStopped: { isEnded || isStopped() }
      ) { record in
        isEnded = !take(record)
        passed += record.offset + 1 - (positions[record.partition] ?? record.offset)
        positions[record.partition] = record.offset + 1
        recordCount += 1
        // The clock need not be asked for every record.
        if recordCount % 256 == 0 { tell(recordCount, fraction) }
      }
    } catch let failure as KafkaFailure {
      throw failure
    } catch {
      throw KafkaFailure("read", "topic \(topic)", code: -1, detail: "\(error)")
    }
    guard !isEnded else { return }
    passed += filled.reduce(0) { $0 + max($1.value.upperBound - (positions[$1.key] ?? $1.value.upperBound), 0) }
  }

  private var fraction: Double { Double(passed) / Double(max(total, 1)) }
}
