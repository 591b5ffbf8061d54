import CRdKafka
import Glibc
import LinkCore
import LinkCrypto

/// Writes what a worker leaves in Kafka after some time: a state topic with the links of many users, an identity for each partition, and the
/// group's committed offsets.
struct StateHistory {
  private let topic: String
  private let requestsTopic: String
  private let group: String
  private let partitions: Int32
  private let bootstrap: String
  private let allWait: Bool

  /// Records of one transaction.
  private static let batch = 1_000

  /// `allWait`: every link is scheduled, and every fourth has a deadline of its own.
  init(of run: Run, partitions: Int, bootstrap: String, allWait: Bool = false) {
    topic = run.stateTopic
    requestsTopic = run.requestsTopic
    group = run.name
    self.partitions = Int32(partitions)
    self.bootstrap = bootstrap
    self.allWait = allWait
  }

  /// Writes so many links in transactions, and returns how many bytes their keys and values have.
  func write(links: Int) throws -> Int {
    let writer = try TransactionalWriter(topic, bootstrap: bootstrap, transactionalID: group + ".history")
    var bytes = 0
    try writer.transaction { write in
      for partition in 0..<partitions {
        let identity = Identity(high: UInt64(partition), low: 1)
        bytes += try write(partition, .identity(partition: partition, identity))
      }
    }
    var offsets = [Int64](repeating: 0, count: Int(partitions))
    var user: Int64 = 0
    while user < links {
      try writer.transaction { write in
        for _ in 0..<min(Self.batch, links - Int(user)) {
          user += 1
          let home = HomePartition.of(userId: user, partitionCount: partitions)
          bytes += try write(home, .link(link(user, partition: home, offset: offsets[Int(home)])))
          offsets[Int(home)] += 1
        }
      }
    }
    try commitOffsets()
    return bytes
  }

  /// Of ten links, unless all wait, seven have their token, one has failed, and two wait for a quarter of an hour.
  private func link(_ user: Int64, partition: Int32, offset: Int64) -> Link {
    let asked = Timestamp(milliseconds: Self.began + user)
    let key = Text("/client-area/bench#request-\(user)")
    let scope = LinkScope(
      brokerNames: ["benchbroker"], accounts: .some((1...3).map { user &* 4 &+ $0 }), isVerified: true)
    var link = Link(
      key: LinkKey(userId: user, idempotencyKey: key), fingerprint: scope.fingerprint(userId: user, sha256: sha256),
      state: .succeeded(at: asked + 150), request: nil,
      origin: .init(partition: partition, offset: offset, timestamp: asked), attemptCount: 1)
    var request = LinkRequest(
      id: Text("request-\(user)"), source: "/client-area/bench", userId: user, idempotencyKey: key, scope: scope,
      context: Array(#"{"correlationId":"5f0c7a52-5d0f-4d2e-9a65-0a3c6f1f2b11","state":"xyz","locale":"en"}"#.utf8))
    func attempts(_ count: Int64) -> [Attempt] {
      (1...count).map { Attempt(at: asked + $0 * 1_000, verdict: .transient, status: 503, wait: $0 * 2_000) }
    }
    if allWait, user.isMultiple(of: 4) { request.deadline = asked + 86_400_000 }
    switch allWait ? 1 : user % 10 {
    case 0:
      link.state = .failed(at: asked + 9_000, code: .adapterRejected)
      link.request = request
      link.attempts = attempts(2) + [Attempt(at: asked + 9_000, verdict: .rejected, status: 400)]
      link.attemptCount = 3
    case 1, 2:
      // As far ahead as a worker ever schedules, but for a minute: what is due further ahead it takes for the trace of a wrong calendar.
      link.state = .scheduled(due: Timestamp(milliseconds: Self.began + 840_000))
      link.request = request
      link.attempts = attempts(2)
      link.attemptCount = 2
    default: link.attempts = [Attempt(at: asked + 100, verdict: .succeeded, status: 200)]
    }
    return link
  }

  private static let began: Int64 = {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000
  }()

  /// The group has settled what is behind the start of each partition: nothing, for there are no requests.
  private func commitOffsets() throws {
    let client = try KafkaClient(RD_KAFKA_CONSUMER, ["bootstrap.servers": bootstrap, "group.id": group])
    let list = rd_kafka_topic_partition_list_new(partitions)
    defer { rd_kafka_topic_partition_list_destroy(list) }
    for partition in 0..<partitions {
      rd_kafka_topic_partition_list_add(list, requestsTopic, partition).pointee.offset = 0
    }
    let result = rd_kafka_commit(client.handle, list, 0)
    guard result == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaClient.failure("commit offsets", result) }
  }
}

/// Writes state records to one topic in transactions.
private final class TransactionalWriter {
  private let client: KafkaClient
  private let topic: OpaquePointer

  init(_ topic: String, bootstrap: String, transactionalID: String) throws {
    client = try KafkaClient(
      RD_KAFKA_PRODUCER,
      [
        "bootstrap.servers": bootstrap, "log_level": "3", "transactional.id": transactionalID, "linger.ms": "1",
        "socket.nagle.disable": "true", "batch.size": "65536",
      ])
    guard let made = rd_kafka_topic_new(client.handle, topic, nil) else {
      throw KafkaClient.failure("use topic \(topic)", rd_kafka_last_error())
    }
    self.topic = made
    try Self.check("begin to write", rd_kafka_init_transactions(client.handle, 30_000))
  }

  deinit { rd_kafka_topic_destroy(topic) }

  /// Commits what `body` writes: to a partition a record, whose bytes are counted.
  func transaction(_ body: (_ write: (Int32, StateRecord) throws -> Int) throws -> Void) throws {
    try Self.check("begin a transaction", rd_kafka_begin_transaction(client.handle))
    try body { partition, record in
      let encoded = record.encoded()
      let (key, value) = (encoded.key, encoded.value ?? [])
      let result = key.withUnsafeBytes { key in
        value.withUnsafeBytes { value in
          link_produce(
            client.handle, topic, partition, key.baseAddress, key.count, value.baseAddress, value.count, 0, nil, nil)
        }
      }
      guard result == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaClient.failure("write", result) }
      return key.count + value.count
    }
    try Self.check("commit a transaction", rd_kafka_commit_transaction(client.handle, 30_000))
  }

  private static func check(_ operation: String, _ error: OpaquePointer?) throws {
    guard let error else { return }
    defer { rd_kafka_error_destroy(error) }
    throw KafkaClient.failure(operation, String(cString: rd_kafka_error_string(error)))
  }
}
