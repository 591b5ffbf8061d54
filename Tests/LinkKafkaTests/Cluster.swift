import Glibc
import LinkCore
import LinkSandbox
import Synchronization
import Testing

@testable import LinkKafka

/// One real Kafka for the whole test process, ended with it.
enum Cluster {
  static let isAvailable = RealKafka.homeFromEnvironment != nil
  static let reason: Comment = "KAFKA_HOME is not set"
  private static let shared: Result<RealKafka, any Error> = Result {
    try RealKafka(home: RealKafka.homeFromEnvironment ?? "")
  }

  /// A broker of one test's own, on which a resource that has access rules lets in those alone whom they allow.
  static func startWithRules() throws -> RealKafka {
    try RealKafka(
      home: try #require(RealKafka.homeFromEnvironment),
      extra: [
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "true",
      ])
  }

  static func properties(_ more: [String: String] = [:]) throws -> KafkaProperties {
    KafkaProperties(["bootstrap.servers": try shared.get().bootstrap].merging(more) { $1 })
  }
}

/// Topics and a group of one test's own.
struct Realm {
  let name: String
  let group: String
  let topics: [TopicRole: String]
  let properties: KafkaProperties
  let partitions: Int32

  init(partitions: Int32 = 2, properties: KafkaProperties? = nil, settings: [TopicRole: [String: String]] = [:]) throws
  {
    let name = "t\(UInt64.random(in: 0 ... .max))"
    self.name = name
    group = name + ".group"
    topics = Dictionary(uniqueKeysWithValues: TopicRole.allCases.map { ($0, "\(name).\($0.rawValue)") })
    self.properties = try properties ?? Cluster.properties()
    self.partitions = partitions
    let admin = try KafkaAdmin(properties: self.properties)
    for role in TopicRole.allCases {
      try admin.create(
        topic: topic(role), partitions: Int(partitions), replication: 1,
        settings: (role == .state ? ["cleanup.policy": "compact"] : [:]).merging(settings[role] ?? [:]) { $1 })
    }
  }

  func topic(_ role: TopicRole) -> String { topics[role] ?? "" }

  func consumer(_ more: [String: String] = [:]) throws -> KafkaConsumer {
    var properties = properties
    properties.values.merge(more) { $1 }
    return try KafkaConsumer(properties: properties, groupID: group, topic: topic(.requests))
  }

  func publisher(
    _ instance: String = "one", timing: TransactionalPublisher.Timing = .init(), properties: KafkaProperties? = nil
  ) throws -> TransactionalPublisher {
    try TransactionalPublisher(
      properties: properties ?? self.properties, transactionalID: "\(group)-\(instance)", topics: topics, timing: timing
    )
  }

  func reader() throws -> StateReader {
    try StateReader(
      properties: properties, groupID: group, requestsTopic: topic(.requests), stateTopic: topic(.state))
  }

  /// Writes requests with these values to a partition.
  func request(_ values: [String], partition: Int32 = 0) throws {
    try KafkaWriter(properties: properties, topics: topics).write(
      values.map { OutgoingRecord(topic: .requests, partition: partition, key: nil, value: Array($0.utf8)) })
  }

  /// The committed records of a topic, by partition and offset.
  func records(_ role: TopicRole) throws -> [SourceRecord] {
    var found: [SourceRecord] = []
    try KafkaBrowser(properties: properties).read(
      topic: topic(role), from: Dictionary(uniqueKeysWithValues: (0..<partitions).map { ($0, 0) })
    ) {
      found.append($0)
      return true
    }
    return found.sorted { ($0.partition, $0.offset) < ($1.partition, $1.offset) }
  }
}

/// A consumer that has its partitions, for the life of a test.
final class Member {
  let consumer: KafkaConsumer
  private let seen = Seen()

  private final class Seen {
    var assigned: [Int32]?
    var revoked: [(partitions: [Int32], lost: Bool)] = []
  }

  /// Joins and waits for an assignment.
  init(_ realm: Realm, _ more: [String: String] = [:]) throws {
    consumer = try realm.consumer(more)
    let seen = seen
    consumer.onAssign = { seen.assigned = $0 }
    consumer.onRevoke = { seen.revoked.append(($0, $1)) }
    try consumer.subscribe()
    try expect("an assignment") { self.assigned != nil }
  }

  var assigned: [Int32]? {
    get { seen.assigned }
    set { seen.assigned = newValue }
  }

  var revoked: [(partitions: [Int32], lost: Bool)] { seen.revoked }

  /// Polls until something holds; records are returned, failures thrown.
  @discardableResult
  func expect(_ what: String, within milliseconds: Int64 = 120_000, until holds: () throws -> Bool) throws
    -> [SourceRecord]
  {
    var records: [SourceRecord] = []
    let deadline = Uptime.now() + milliseconds
    while try !holds() {
      guard Uptime.now() < deadline else { throw Missing(what: what) }
      if case .record(let record)? = try next() { records.append(record) }
    }
    return records
  }

  /// The next thing that is not nothing, within 50 ms.
  func next() throws -> KafkaConsumer.Polled? {
    let polled = consumer.poll(timeoutMilliseconds: 50)
    if case .failure(let failure)? = polled, !failure.isRetriable { throw failure }
    return polled
  }

  /// The values of all records up to the end of a partition, as text.
  func values(upToEndOf partition: Int32, within milliseconds: Int64 = 120_000) throws -> [String] {
    var values: [String] = []
    let deadline = Uptime.now() + milliseconds
    while Uptime.now() < deadline {
      switch try next() {
      case .record(let record)? where record.partition == partition:
        values.append(String(decoding: record.value ?? [], as: UTF8.self))
      case .reachedEnd(partition, _)?: return values
      default: continue
      }
    }
    throw Missing(what: "the end of partition \(partition)")
  }

  func group() throws -> GroupMetadata {
    guard let group = consumer.groupMetadata() else { throw Missing(what: "group metadata") }
    return group
  }
}

/// Waits until something holds that comes about by itself.
func awaiting(_ what: String, within milliseconds: Int64 = 120_000, _ holds: () throws -> Bool) throws {
  let deadline = Uptime.now() + milliseconds
  while try !holds() {
    guard Uptime.now() < deadline else { throw Missing(what: what) }
    sched_yield()
  }
}

/// What did not come in time.
struct Missing: Error { var what: String }

extension Batch {
  /// A batch of one decision.
  init(
    _ records: [OutgoingRecord] = [], state: [StateRecord] = [], partition: Int32 = 0, offsets: [Int32: Int64],
    id: UInt64 = 1
  ) {
    self.init(
      id: id, decisions: [BatchedDecision(id: id, partition: partition, records: records, state: state)],
      offsets: offsets)
  }
}

extension OutgoingRecord {
  static func outcome(_ text: String, key: String = "1") -> OutgoingRecord {
    OutgoingRecord(topic: .outcomes, key: Array(key.utf8), value: Array(text.utf8))
  }
}

extension CommitResult {
  var stateEnds: [Int32: Int64]? {
    if case .committed(let ends) = self { return ends }
    return nil
  }
}
