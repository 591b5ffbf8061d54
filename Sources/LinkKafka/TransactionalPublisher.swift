import CRdKafka
import Glibc
public import LinkCore

/// Commits batches of decisions, each in one Kafka transaction with the offsets of its requests.
///
/// One thread owns it, and blocks in it. A producer is used again only after a transaction that surely left nothing behind: every other
/// end, an abort included, drops it, and a new one takes over the transactional id before anything else is done. (A repeated
/// EndTxn that comes late ends the next transaction of its producer: its commit says OK, its offsets move, its records are gone.)
public final class TransactionalPublisher {
  /// How long things may take, in milliseconds.
  public struct Timing: Sendable {
    /// `transaction.timeout.ms`: after it the coordinator aborts; at least 3 000. A whole commit takes less than this, by a second.
    public var transaction: Milliseconds
    /// How long one attempt to have a producer initialised may take.
    public var initialisation: Milliseconds

    /// The protocol's times unless given.
    public init(transaction: Milliseconds = 10_000, initialisation: Milliseconds = 30_000) {
      self.transaction = transaction
      self.initialisation = initialisation
    }
  }

  private let properties: KafkaProperties
  private let transactionalID: String
  private let topics: [TopicRole: String]
  private let timing: Timing
  private let witness: OffsetWitness?
  private(set) var producer: Producer?
  /// Called between the last record's acknowledgement and the commit, for tests that break things there.
  var beforeCommit: () -> Void = {}
  /// Behind the last state record that was committed to each partition: its log only grows.
  private var stateEnds: [Int32: Int64] = [:]
  /// When this producer was fenced although its transaction was not too old.
  private var fencings: [Int64] = []

  /// A publisher without a producer yet.
  ///
  /// - Parameters:
  ///   - topics: The names of all four topics.
  ///   - watchedGroup: The group whose offsets must still be there at each commit, else the commit is fatal; nil: nobody looks.
  /// - Throws: `KafkaFailure` for properties that are not taken.
  public init(
    properties: KafkaProperties, transactionalID: String, topics: [TopicRole: String], timing: Timing = Timing(),
    watchedGroup: String? = nil
  ) throws(KafkaFailure) {
    self.properties = properties
    self.transactionalID = transactionalID
    self.topics = topics
    self.timing = timing
    let role = KafkaProperties.Role.producer(
      transactionalID: transactionalID, transactionTimeout: Int(timing.transaction))
    rd_kafka_conf_destroy(try properties.configuration(for: role))
    if let watchedGroup {
      witness = try OffsetWitness(
        properties: properties, groupID: watchedGroup, topic: topics[.requests] ?? TopicRole.requests.rawValue)
    } else {
      witness = nil
    }
  }

  /// Whether the watched group has committed an offset of each of these partitions.
  public func expectOffsets(_ found: [Int32: Bool]) { witness?.expect(found) }

  /// Whether an initialised producer is at hand. False after a commit that ended `.unknown` means that the new one could not be initialised
  /// yet: `prepare()` must succeed before the state's tail is read.
  public var isPrepared: Bool { producer != nil }

  /// Has an initialised producer: makes one, unless there is one that is clean. Blocks up to `timing.initialisation`.
  public func prepare() throws(KafkaFailure) { _ = try ready() }

  /// Commits a batch: outcomes, refusals, dead letters and moved requests, then the state records, last the offsets. Blocks.
  ///
  /// - Parameter group: The member at the moment when the batch was built, taken after checking that its lanes were still held.
  public func commit(_ batch: Batch, group: GroupMetadata) -> CommitResult {
    guard !batch.offsets.isEmpty, batch.offsets.values.allSatisfy({ $0 >= 0 }) else {
      return .fatal(reason: "batch \(batch.id) has no offsets, or a negative one: it would not be fenced", exitCode: 75)
    }
    let producer: Producer
    do throws(KafkaFailure) {
      producer = try ready()
    } catch {
      return noteFencing(error, since: Uptime.now()) ?? .aborted(reason: error.description)
    }
    let began = Uptime.now()
    let transaction = Transaction(
      batch, group, on: producer, offsetsTopic: topics[.requests] ?? TopicRole.requests.rawValue,
      deadline: began + timing.transaction - 1_000, witness: witness, beforeCommit: beforeCommit)
    switch transaction.run() {
    case .committed(let ends):
      guard let cut = ends.keys.sorted().first(where: { (stateEnds[$0] ?? 0) >= ends[$0] ?? 0 }) else {
        stateEnds.merge(ends) { $1 }
        return .committed(stateEnds: ends)
      }
      return .fatal(reason: cutReason(cut, ends[cut] ?? 0), exitCode: 78)
    case .refused(let decisions):
      abandon()
      return .refused(decisions: decisions)
    case .lost(let partitions):
      abandon()
      return .fatal(reason: lossReason(partitions), exitCode: 75)
    case .fencedByGroup(let failure):
      abandon()
      return .fencedByGroup(reason: failure.description)
    case .failed(let failure):
      if let fatal = noteFencing(failure, since: began) { return leave(fatal) }
      abandon()
      return .aborted(reason: failure.description)
    case .uncertain(let reason, let failure):
      return resolve(reason, failure, producer, began)
    }
  }

  /// Ends the producer, if there is one. What it left open is ended by the next one with the same id, or after its timeout.
  public func close() {
    drop()
    witness?.close()
  }

  // MARK: - Helpers

  private func ready() throws(KafkaFailure) -> Producer {
    if let producer { return producer }
    let made = try Producer(
      properties, transactionalID: transactionalID, topics: topics, transactionTimeout: Int(timing.transaction),
      deadline: Uptime.now() + timing.initialisation)
    producer = made
    return made
  }

  private func drop() {
    producer?.discard()
    producer = nil
  }

  /// Ends a transaction that was not committed, and its producer. Where Kafka does not confirm the abort, the next producer's initialisation
  /// is what ends it, so that no transaction outlives a revoke.
  private func abandon() {
    guard let producer else { return }
    let limit = Int32(clamping: min(timing.transaction / 2, 5_000))
    let error = rd_kafka_abort_transaction(producer.handle.client, limit)
    drop()
    guard let error else { return }
    let failure = KafkaFailure("abort", "the transaction of \(transactionalID)", consuming: error)
    properties.log(4, "ABORT", producer.handle.observer.explained(failure).description)
    renew()
  }

  /// Ends the producer and leaves the transactional id to the other worker: taking it once more, to abort by, would fence that one for the
  /// second time as well, and both would end.
  private func leave(_ fatal: CommitResult) -> CommitResult {
    drop()
    return fatal
  }

  /// A commit whose end is not certain: where EndTxn never left, nothing was committed; else only the log can tell, once a new producer is
  /// initialised.
  private func resolve(_ reason: String, _ failure: KafkaFailure?, _ producer: Producer, _ began: Int64) -> CommitResult
  {
    let wasSent = producer.transmissions.endCount > 0
    if let failure, let fatal = noteFencing(failure, since: began) { return leave(fatal) }
    drop()
    renew()
    return wasSent ? .unknown(reason: reason) : .aborted(reason: reason)
  }

  /// Initialises a new producer if it can be had in time; if not, the next `prepare()` goes on with it.
  private func renew() {
    do throws(KafkaFailure) {
      _ = try ready()
    } catch {
      properties.log(3, "INIT", error.description)
    }
  }

  private func lossReason(_ partitions: [Int32]) -> String {
    "the group's offsets of topic \(topics[.requests] ?? TopicRole.requests.rawValue), partitions "
      + "\(partitions.map(String.init).joined(separator: ", ")), are gone: Kafka drops them when the topic is deleted, and in one that was made "
      + "anew requests would be passed over. Try: start the worker again: it says of each partition what to do"
  }

  /// What was committed stands before what this worker committed earlier.
  private func cutReason(_ partition: Int32, _ end: Int64) -> String {
    "partition \(partition) of topic \(topics[.state] ?? TopicRole.state.rawValue) ended at offset \(stateEnds[partition] ?? 0), and "
      + "what was committed since stands before it, up to \(end): the topic was made anew, or its log was cut, and the memory of "
      + "links is lost with it. Try: restore the state topic before a worker is started"
  }

  /// A transaction older than its timeout is fenced by the coordinator. Younger ones, twice in a minute: by another worker.
  private func noteFencing(_ failure: KafkaFailure, since began: Int64) -> CommitResult? {
    let isFencing = failure.isAny(
      RD_KAFKA_RESP_ERR__FENCED, RD_KAFKA_RESP_ERR_PRODUCER_FENCED, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH)
    let now = Uptime.now()
    guard isFencing, now - began < timing.transaction * 9 / 10 else { return nil }
    fencings = fencings.filter { now - $0 < 60_000 } + [now]
    guard fencings.count >= 2 else { return nil }
    return .fatal(
      reason:
        "another worker uses the transactional id \(transactionalID): give each its own instance.id and store.directory",
      exitCode: 78)
  }
}
