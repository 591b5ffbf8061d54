import CRdKafka
import LinkCore
import LinkSandbox
import Testing

@testable import LinkKafka

/// Errors at each step of a transaction, injected by the embedded broker. It fences nothing and shows aborted records, so only what the
/// publisher says and does with its producer is proven here.
@Suite(.serialized) struct TransactionFaultTests {
  private enum Key {
    static let produce: Int16 = 0
    static let initProducerID: Int16 = 22
    static let addPartitions: Int16 = 24
    static let addOffsets: Int16 = 25
    static let endTxn: Int16 = 26
    static let offsetCommit: Int16 = 28
  }

  @Test("An EndTxn that is sent twice leaves the commit unknown, though it said OK, and its producer is dropped")
  func resentEndTxn() throws {
    let bench = try Bench()
    bench.broker.fail(apiKey: Key.endTxn, with: [RD_KAFKA_RESP_ERR__TRANSPORT.rawValue])
    let before = try bench.prepare()
    guard case .unknown(let reason) = bench.commit() else { throw Missing(what: "an unknown end") }
    #expect(reason.contains("EndTxn was sent 2 times"))
    #expect(before.transmissions.endCount == 2)
    #expect(bench.publisher.isPrepared)
    #expect(bench.publisher.producer !== before)
    try bench.expectCommits()
  }

  @Test(
    "A request of the transaction that gets no answer drops the producer, whatever the commit says",
    arguments: [24, 25, 28] as [Int16])
  func lostRequest(_ apiKey: Int16) throws {
    let bench = try Bench()
    bench.broker.fail(apiKey: apiKey, with: [RD_KAFKA_RESP_ERR__TRANSPORT.rawValue])
    let before = try bench.prepare()
    guard case .unknown = bench.commit() else { throw Missing(what: "an unknown end") }
    #expect(before.transmissions.lossCount >= 1)
    #expect(bench.publisher.producer !== before)
    try bench.expectCommits()
  }

  @Test(
    "An error that passes is asked again within the transaction, which is then committed",
    arguments: [
      (24, RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS), (24, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS),
      (25, RD_KAFKA_RESP_ERR_NOT_COORDINATOR), (25, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE),
      (28, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS), (28, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE),
      (0, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION), (0, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS),
    ] as [(Int16, rd_kafka_resp_err_t)])
  func retriable(_ apiKey: Int16, _ code: rd_kafka_resp_err_t) throws {
    let bench = try Bench()
    _ = try bench.prepare()
    bench.broker.fail(apiKey: apiKey, with: [code.rawValue])
    #expect(bench.commit().stateEnds != nil)
  }

  @Test(
    "Each error of a produce request that passes ends in a commit, or in an abort after which the same batch is committed",
    arguments: [
      RD_KAFKA_RESP_ERR_INVALID_MSG, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
      RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
      RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION,
      RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
      RD_KAFKA_RESP_ERR_NOT_COORDINATOR, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
      RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND, RD_KAFKA_RESP_ERR_NOT_CONTROLLER,
      RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
      RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH, RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH,
      RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_PREFERRED_LEADER_NOT_AVAILABLE,
      RD_KAFKA_RESP_ERR_ELIGIBLE_LEADERS_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT,
      RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED, RD_KAFKA_RESP_ERR__TRANSPORT,
    ])
  func produceErrors(_ code: rd_kafka_resp_err_t) throws {
    let bench = try Bench()
    let before = try bench.prepare()
    bench.broker.fail(apiKey: Key.produce, with: [code.rawValue])
    switch bench.commit() {
    case .committed: #expect(bench.publisher.producer === before)
    case .aborted:
      #expect(bench.publisher.producer !== before)
      try bench.expectCommits()
    case .unknown, .fencedByGroup, .refused, .fatal: Issue.record("\(code) is none of its record's, nor of the group's")
    }
  }

  @Test("The fence of the group is told from every other refusal of the offsets, and the producer is dropped")
  func groupFence() throws {
    for code in [
      RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID,
    ] {
      let bench = try Bench()
      let before = try bench.prepare()
      bench.broker.fail(apiKey: Key.offsetCommit, with: [code.rawValue])
      guard case .fencedByGroup = bench.commit() else { throw Missing(what: "a fence") }
      #expect(bench.publisher.producer !== before)
      try bench.expectCommits()
    }
    let bench = try Bench()
    bench.broker.fail(apiKey: Key.offsetCommit, with: [RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED.rawValue])
    guard case .aborted(let reason) = bench.commit() else { throw Missing(what: "an abort") }
    #expect(reason.contains("Read the consumer group"))
  }

  @Test(
    "An error that ends the transaction before its commit says aborted, and the same batch goes through afterwards",
    arguments: [
      (24, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING), (25, RD_KAFKA_RESP_ERR_INVALID_TXN_STATE),
      (25, RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED), (24, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH),
      (0, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH), (0, RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS),
    ] as [(Int16, rd_kafka_resp_err_t)])
  func abortable(_ apiKey: Int16, _ code: rd_kafka_resp_err_t) throws {
    let bench = try Bench()
    let before = try bench.prepare()
    bench.broker.fail(apiKey: apiKey, with: [code.rawValue])
    let result = bench.commit()
    guard case .aborted(let reason) = result else { throw Missing(what: "an abort, not \(result)") }
    #expect(!reason.isEmpty)
    #expect(before.transmissions.endCount <= 1)
    #expect(bench.publisher.producer !== before)
    try bench.expectCommits()
  }

  @Test(
    "An error that is fatal to the producer is survived by the next one; two of them in a minute end the worker with 78",
    arguments: [24, 25, 26, 28, 0] as [Int16])
  func fatal(_ apiKey: Int16) throws {
    let bench = try Bench()
    let before = try bench.prepare()
    let code = apiKey == 0 ? RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH : RD_KAFKA_RESP_ERR_PRODUCER_FENCED
    bench.broker.fail(apiKey: apiKey, with: [code.rawValue])
    switch bench.commit() {
    // Of a commit that was asked for nobody knows.
    case .unknown: #expect(apiKey == Key.endTxn)
    case .aborted(let reason): #expect(apiKey != Key.endTxn && !reason.isEmpty)
    case let result: throw Missing(what: "an abort or an unknown end, not \(result)")
    }
    #expect(bench.publisher.producer !== before)
    try bench.expectCommits()
    bench.broker.fail(apiKey: apiKey, with: [code.rawValue])
    guard case .fatal(let why, let exitCode) = bench.commit() else { throw Missing(what: "the end") }
    #expect(exitCode == 78 && why.contains("another worker"))
  }

  @Test(
    "An EndTxn that is refused for a moment is sent again, and its end is looked for in the log",
    arguments: [RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_NOT_COORDINATOR])
  func retriedEndTxn(_ code: rd_kafka_resp_err_t) throws {
    let bench = try Bench()
    let before = try bench.prepare()
    bench.broker.fail(apiKey: Key.endTxn, with: [code.rawValue])
    let result = bench.commit()
    guard case .unknown = result else { throw Missing(what: "an unknown end, not \(result)") }
    #expect(before.transmissions.endCount == 2)
    #expect(bench.publisher.producer !== before)
    try bench.expectCommits()
  }

  @Test(
    "A commit that is answered with an error is unknown, and the next one goes through",
    arguments: [RD_KAFKA_RESP_ERR_INVALID_TXN_STATE, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING])
  func refusedCommit(_ code: rd_kafka_resp_err_t) throws {
    let bench = try Bench()
    let before = try bench.prepare()
    bench.broker.fail(apiKey: Key.endTxn, with: [code.rawValue])
    let result = bench.commit()
    guard case .unknown = result else { throw Missing(what: "an unknown end, not \(result)") }
    #expect(bench.publisher.producer !== before)
    try bench.expectCommits()
  }

  @Test(
    "An error of one record names its decision",
    arguments: [RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_INVALID_RECORD])
  func recordError(_ code: rd_kafka_resp_err_t) throws {
    let bench = try Bench()
    _ = try bench.prepare()
    bench.broker.fail(apiKey: Key.produce, with: [code.rawValue])
    guard case .refused(let refused) = bench.commit() else { throw Missing(what: "a refusal") }
    #expect(refused.keys.sorted() == [1])
    try bench.expectCommits()
  }

  @Test("Initialisation waits for what passes, and tells what does not")
  func initialisation() throws {
    let bench = try Bench()
    bench.broker.fail(
      apiKey: Key.initProducerID,
      with: [
        RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS.rawValue, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS.rawValue,
      ])
    _ = try bench.prepare()
    let refused = try Bench()
    refused.broker.fail(
      apiKey: Key.initProducerID, with: [RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED.rawValue])
    let failure = #expect(throws: KafkaFailure.self) { try refused.prepare() }
    #expect(failure?.name == "TRANSACTIONAL_ID_AUTHORIZATION_FAILED")
    #expect(failure?.hint != nil)
    try refused.expectCommits()
  }
}

/// A publisher on an embedded broker of its own.
private final class Bench {
  let broker: EmbeddedBroker
  let publisher: TransactionalPublisher
  private let group: GroupMetadata

  init() throws {
    let names = Dictionary(uniqueKeysWithValues: TopicRole.allCases.map { ($0, $0.rawValue) })
    broker = try EmbeddedBroker(topics: names.values.map { ($0, 1) })
    // The embedded broker asks nobody who is a member.
    let member = try #require(rd_kafka_consumer_group_metadata_new_with_genid("g", 1, "m", nil))
    group = try #require(GroupMetadata(consuming: member))
    publisher = try TransactionalPublisher(
      properties: KafkaProperties(["bootstrap.servers": broker.bootstrap]), transactionalID: "t", topics: names)
  }

  deinit {
    publisher.close()
    broker.stop()
  }

  func prepare() throws -> Producer {
    try publisher.prepare()
    return try #require(publisher.producer)
  }

  /// A batch whose decision has an outcome and no state, so that the first produce request is the outcome's.
  func commit() -> CommitResult { publisher.commit(Batch([.outcome("x")], offsets: [0: 1]), group: group) }

  func expectCommits() throws { #expect(commit().stateEnds != nil) }
}
