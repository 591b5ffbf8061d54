import LinkCore
import LinkCrypto
import LinkKafka

/// Reads the topics for an audit, also while workers run: what is compared is taken in an order in which the one side cannot be ahead of the other.
///
/// First the group's committed offsets: what lies below them has its end somewhere in what is read later. Then, up to where all transactions on the
/// outcomes have ended (their state is there by now), and the state, whole. Only then the ends of the outcomes and dead letters: a state that was
/// read has its outcome before them. The requests come last: whatever was decided was asked before.
struct AuditReader {
  private let settings: WorkerSettings
  private let rules: AuditRules
  private let properties: KafkaProperties
  private let partitions: [TopicRole: Int32]
  private let state: StateReader
  private let browser: KafkaBrowser
  private let tell: (Int, Double?) -> Void

  /// Milliseconds that an open transaction may hold the committed offsets back.
  private static let patience: Milliseconds = 60_000

  /// - Parameters:
  ///   - isAfterReset: Whether somebody has set the group's offsets back.
  ///   - tell: Is told how many records were read, and how much of the whole that is.
  init(
    _ settings: WorkerSettings, _ properties: KafkaProperties, isAfterReset: Bool,
    tell: @escaping (Int, Double?) -> Void
  ) throws(KafkaFailure) {
    self.settings = settings
    self.tell = tell
    self.properties = properties
    let names = TopicRole.allCases.map { settings.topics[$0] }
    let found = try KafkaAdmin(properties: properties).metadata(of: names)
    var partitions: [TopicRole: Int32] = [:]
    for role in TopicRole.allCases {
      guard let topic = found[settings.topics[role]] else { throw .missing(topic: settings.topics[role]) }
      partitions[role] = Int32(clamping: topic.partitions)
    }
    self.partitions = partitions
    try properties.checkReading(names)
    rules = AuditRules(
      groupID: settings.kafka.groupId, requestsTopic: settings.topics.requests,
      partitionCount: partitions[.requests] ?? 0, eventByteLimit: settings.eventByteLimit,
      unknownType: settings.unknownType, stateRetention: settings.stateRetention, isAfterReset: isAfterReset,
      now: SystemClock.wall(), sha256: sha256)
    state = try StateReader(
      properties: properties, groupID: settings.kafka.groupId, requestsTopic: settings.topics.requests,
      stateTopic: settings.topics.state)
    browser = try KafkaBrowser(properties: properties)
  }

  /// Reads all of it and judges.
  func audit(findingLimit: Int) throws(KafkaFailure) -> Audit {
    defer { state.close() }
    var audit = Audit(rules: rules, findingLimit: findingLimit)
    audit.bounds.lowsBefore = try watermarks(.requests).mapValues(\.low)
    audit.bounds.committed = try state.committedOffsets(
      partitions: Array(0..<rules.partitionCount), timeout: Self.patience)
    for partition in 0..<(partitions[.outcomes] ?? 0) {
      audit.bounds.stableOutcomes[partition] = try state.stableEnd(
        of: settings.topics.outcomes, partition: partition)
    }
    var progress = Progress(total: try recordCount(), tell)
    try read(.state, &progress) { audit.take(state: $0) }
    try read(.outcomes, &progress) { audit.take(outcome: $0) }
    try read(.deadLetters, &progress) { audit.take(deadLetter: $0) }
    audit.bounds.ends = try read(.requests, &progress) { audit.take(request: $0) }
    audit.bounds.lows = try watermarks(.requests).mapValues(\.low)
    audit.bounds.outcomesSince = AuditBounds.since(
      lows: try watermarks(.outcomes).mapValues(\.low), firsts: audit.firstOutcomes)
    audit.bounds.deadLettersSince = AuditBounds.since(
      lows: try watermarks(.deadLetters).mapValues(\.low), firsts: audit.firstLetters)
    audit.judge()
    return audit
  }

  /// The findings, sorted, each with what its record says of itself: those records are read again, for nothing of them was kept.
  func named(_ findings: [AuditFinding]) throws(KafkaFailure) -> [AuditFinding] {
    var findings = findings.sorted { $0.precedes($1) }
    for role in TopicRole.allCases {
      var wanted: [AuditPlace: [Int]] = [:]
      for (index, finding) in findings.enumerated() where finding.topic == role && finding.kind.isAboutRecord {
        guard let offset = finding.offset else { continue }
        wanted[AuditPlace(partition: finding.partition, offset: offset), default: []].append(index)
      }
      let places = Dictionary(grouping: wanted.keys, by: \.partition)
      let reader = AuditSubjectReader(role: role, eventByteLimit: settings.eventByteLimit)
      try asking {
        try browser.read(
          topic: settings.topics[role], from: places.compactMapValues { $0.map(\.offset).min() },
          to: places.compactMapValues { $0.map { $0.offset + 1 }.max() }
        ) { record in
          let place = AuditPlace(partition: record.partition, offset: record.offset)
          for index in wanted[place] ?? [] { findings[index].subject = reader.subject(of: record) }
        }
      }
    }
    return findings
  }

  /// How many records there are now, roughly: the real ends are taken one after another.
  private func recordCount() throws(KafkaFailure) -> Int64 {
    var count: Int64 = 0
    for role in TopicRole.allCases {
      for (low, high) in try watermarks(role).values { count += high - low }
    }
    return count
  }

  @discardableResult
  private func read(
    _ role: TopicRole, _ progress: inout Progress, _ take: (SourceRecord) -> Void
  ) throws(KafkaFailure) -> [Int32: Int64] {
    let watermarks = try watermarks(role)
    try asking {
      try browser.read(
        topic: settings.topics[role], to: watermarks.filter { $0.value.high > $0.value.low }.mapValues(\.high)
      ) { record in
        take(record)
        progress.note()
      }
    }
    return watermarks.mapValues(\.high)
  }

  private func watermarks(_ role: TopicRole) throws(KafkaFailure) -> [Int32: (low: Int64, high: Int64)] {
    var found: [Int32: (low: Int64, high: Int64)] = [:]
    for partition in 0..<(partitions[role] ?? 0) {
      found[partition] = try state.watermarks(of: settings.topics[role], partition: partition)
    }
    return found
  }

  private func asking(_ body: () throws -> Void) throws(KafkaFailure) {
    do {
      try body()
    } catch let failure as KafkaFailure {
      throw failure
    } catch {
      throw KafkaFailure("read", "the topics", code: -1, detail: "\(error)")
    }
  }
}

/// How far the reading is.
private struct Progress {
  private let total: Int64
  private let tell: (Int, Double?) -> Void
  private var count = 0

  init(total: Int64, _ tell: @escaping (Int, Double?) -> Void) {
    self.total = total
    self.tell = tell
  }

  mutating func note() {
    count += 1
    // The clock need not be asked for every record.
    if count % 1_024 == 0 { tell(count, Double(count) / Double(max(total, 1))) }
  }
}
