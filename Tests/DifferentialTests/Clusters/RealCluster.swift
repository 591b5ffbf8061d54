import LinkCore
import LinkKafka
import LinkSandbox
import LinkTestSupport

/// A real Kafka, asked in its own protocol: a client library would correct what scenarios do wrong on purpose.
final class RealCluster: ScenarioBroker {
  let settings: Scenario.Settings
  let kafka: RealKafka
  let name: String
  /// For everything but JoinGroup and SyncGroup, which may wait for others.
  let connection: KafkaConnection
  var producers: [Life: Producer] = [:]
  var members: [Life: RealMember] = [:]
  /// How often `compact` was done, and where it made segments begin.
  var compactions: Int64 = 0
  var segments: [Place: [Int64]] = [:]

  /// A producer's life.
  final class Producer {
    let id: Int64
    let epoch: Int16
    /// The number of the next record, by partition.
    var sequences: [Place: Int32] = [:]
    /// Batches that were sent, by their request.
    var batches: [Int: [UInt8]] = [:]

    init(id: Int64, epoch: Int16) {
      self.id = id
      self.epoch = epoch
    }
  }

  /// How long anything may take on a machine that is busy.
  static let patience = 30.0

  init(_ settings: Scenario.Settings, on kafka: RealKafka) throws {
    self.settings = settings
    self.kafka = kafka
    name = "d\(UInt64.random(in: 0 ... .max))"
    connection = try KafkaConnection(bootstrap: kafka.bootstrap)
    let admin = try KafkaAdmin(properties: TestKafka.properties(kafka))
    for role in TopicRole.allCases { try create(role, admin) }
    for (key, type) in [(group, Int8(0)), (transactionalID(0), 1)] { try awaitCoordinator(of: key, type) }
  }

  var group: String { name + ".group" }
  func topic(_ role: TopicRole) -> String { "\(name).\(role.rawValue)" }
  func transactionalID(_ producer: Int) -> String { "\(name).\(producer)" }

  private func create(_ role: TopicRole, _ admin: KafkaAdmin) throws(KafkaFailure) {
    try admin.create(
      topic: topic(role), partitions: Place.partitions(of: role).count, replication: 1,
      settings: role == .state && settings.isCompacted ? compaction : [:])
  }

  /// The requests topic is deleted and made anew; the group forgets its offsets a little later.
  private func makeAnew() throws -> Answer {
    let admin = try KafkaAdmin(properties: TestKafka.properties(kafka))
    try admin.delete(topics: [topic(.requests)])
    try awaiting("The end of \(topic(.requests))", within: Self.patience) {
      try admin.metadata(of: [topic(.requests)]).isEmpty
    }
    try awaiting("The offsets' end", within: Self.patience) { try offsets(isStable: false).offsets.isEmpty }
    try create(.requests, admin)
    try awaiting("The partitions of \(topic(.requests))", within: Self.patience) {
      try listOffsets(-1, isCommitted: false).count == Place.all.count
    }
    return .done
  }

  /// The first request of a fresh broker makes the coordinators' topics.
  private func awaitCoordinator(of key: String, _ type: Int8) throws {
    try awaiting("The coordinator of \(key)", within: Self.patience) {
      var answer = try connection.ask(.findCoordinator) {
        $0.string(key)
        $0.integer(type)
      }
      _ = try answer.take(4)
      return try answer.error() == .none
    }
  }

  func perform(_ step: Step) throws -> Answer {
    try keepAlive()
    let answer = try execute(step)
    try settle()
    return answer
  }

  private func execute(_ step: Step) throws -> Answer {
    switch step {
    case .initialise(let producer): return try initialise(producer)
    case .add(let life, let places): return try add(places, to: life)
    case .produce(let life, let place, let items, let request):
      return try produce(items, to: place, of: life, request: request)
    case .sendOffsets(let life, let holder, let offsets, let age):
      return try sendOffsets(offsets, of: life, member(holder), age: age)
    case .end(let life, let commit): return try end(life, commit: commit)
    case .timeOut: return try awaitTimeOut()
    case .write(let place, let items): return try write(items, to: place)
    case .compact(let fillers): return try fillers.map(compact).last ?? .done
    case .deleteRecords(let place, let offset): return try deleteRecords(of: place, before: offset)
    case .makeAnew: return try makeAnew()
    case .read(let place, let offset): return try read(place, from: offset)
    case .arrive(let member): return try arrive(member)
    case .rejoin(let lives): return try rejoin(lives)
    case .leave(let life): return try leave(member(life))
    case .expire(let life): return try expire(life)
    case .giveUpWaiting: return try giveUpWaiting()
    case .beat(let life): return try beat(member(life))
    }
  }

  func member(_ life: Life) throws -> RealMember {
    guard let member = members[life] else { throw Missing("Member \(life)") }
    return member
  }

  /// Waits until markers are written, memberships are told, and offsets are stable that no open transaction holds.
  private func settle() throws {
    var holdsOffsets = false
    let ids = Set(producers.keys.map(\.of)).map(transactionalID)
    try awaiting("The markers", within: Self.patience) {
      let transactions = try describeTransactions(ids)
      holdsOffsets = transactions.contains { $0.hasOffsets }
      return transactions.allSatisfy { !$0.isEnding }
    }
    try awaiting("The members' answers", within: Self.patience) { try groupRests() }
    // The group's coordinator takes its marker in a little later than the transaction's coordinator has it written.
    if !holdsOffsets {
      try awaiting("Stable offsets", within: Self.patience) { try offsets(isStable: true).unstable.isEmpty }
    }
  }
}
