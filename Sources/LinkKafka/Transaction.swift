import CRdKafka
import Glibc
import LinkCore
import LinkFailpoints

/// One transaction, from begin to commit; it neither aborts nor drops its producer.
struct Transaction {
  /// How it ended.
  enum End {
    /// Committed, and nothing of it can still arrive.
    case committed(stateEnds: [Int32: Int64])
    /// Not committed: these decisions' records were refused for themselves.
    case refused([UInt64: String])
    /// Not committed: the group's offsets of these partitions are gone, and their topic with them.
    case lost([Int32])
    /// Not committed: the group has moved on.
    case fencedByGroup(KafkaFailure)
    /// Not committed.
    case failed(KafkaFailure)
    /// The commit was asked for.
    case uncertain(reason: String, KafkaFailure?)
  }

  private let batch: Batch
  private let group: GroupMetadata
  private let producer: Producer
  private let offsetsTopic: String
  /// Uptime at which it must have ended: below the coordinator's timeout and the producer's `socket.timeout.ms`.
  private let deadline: Int64
  private let records: [(decision: Int, record: OutgoingRecord)]
  private let firstStateIndex: Int
  private let witness: OffsetWitness?
  private let beforeCommit: () -> Void

  init(
    _ batch: Batch, _ group: GroupMetadata, on producer: Producer, offsetsTopic: String, deadline: Int64,
    witness: OffsetWitness? = nil, beforeCommit: @escaping () -> Void = {}
  ) {
    self.batch = batch
    self.group = group
    self.producer = producer
    self.offsetsTopic = offsetsTopic
    self.deadline = deadline
    self.witness = witness
    self.beforeCommit = beforeCommit
    var records: [(decision: Int, record: OutgoingRecord)] = []
    for (index, decision) in batch.decisions.enumerated() {
      records += decision.records.map { (index, $0) }
    }
    firstStateIndex = records.count
    for (index, decision) in batch.decisions.enumerated() {
      records += decision.state.map { (index, Self.outgoing($0, partition: decision.partition)) }
    }
    self.records = records
  }

  /// Begins, produces, sends the offsets and commits.
  func run() -> End {
    producer.transmissions.reset()
    _ = producer.handle.observer.takeRefusedPartitions()
    producer.reports.reset(firstStateIndex: firstStateIndex)
    if let error = rd_kafka_begin_transaction(client) { return .failed(failure("begin", error)) }
    if let end = produce() ?? look() ?? flush() { return end }
    Failpoint.produced.reach()
    if let end = sendOffsets() { return end }
    Failpoint.prepared.reach()
    return commit()
  }

  // MARK: - Steps

  private func produce() -> End? {
    var refused: [UInt64: String] = [:]
    for (index, (decision, record)) in records.enumerated() {
      var result = producer.produce(record, index: index)
      while result == RD_KAFKA_RESP_ERR__QUEUE_FULL, remaining > 0 {
        rd_kafka_flush(client, 50)
        result = producer.produce(record, index: index)
      }
      if result == RD_KAFKA_RESP_ERR_NO_ERROR { continue }
      guard Self.isOfTheRecord(result) else {
        let failure = producer.handle.failure("produce to", producer.name(of: record.topic), result)
        return verdict(failure)
      }
      refused[batch.decisions[decision].id] = refusal(record, result)
    }
    return refused.isEmpty ? nil : .refused(refused)
  }

  /// While the records are on their way: it takes no time of its own.
  private func look() -> End? {
    guard let witness else { return nil }
    let lost = witness.lost(of: batch.offsets.keys, timeout: min(remaining, 1_000))
    return lost.isEmpty ? nil : .lost(lost)
  }

  private func flush() -> End? {
    guard !records.isEmpty else { return nil }
    let result = awaitReports()
    let failures = producer.reports.failures
    guard let first = failures.first else {
      if producer.reports.deliveredCount == records.count { return nil }
      let code = result == RD_KAFKA_RESP_ERR_NO_ERROR ? RD_KAFKA_RESP_ERR__TIMED_OUT : result
      return .failed(producer.handle.failure("deliver", "the records of batch \(batch.id)", code))
    }
    var refused: [UInt64: String] = [:]
    for (index, code) in failures where Self.isOfTheRecord(code) {
      refused[batch.decisions[records[index].decision].id] = refusal(records[index].record, code)
    }
    guard refused.isEmpty else { return .refused(refused) }
    let topic = producer.name(of: records[first.index].record.topic)
    return verdict(producer.handle.failure("deliver", "to topic \(topic)", first.code))
  }

  /// Waits until all records are delivered. Once one is not, librdkafka holds those behind it until they time out: then there is
  /// only a moment for other reports that are on their way.
  private func awaitReports() -> rd_kafka_resp_err_t {
    var result = RD_KAFKA_RESP_ERR__TIMED_OUT
    while result != RD_KAFKA_RESP_ERR_NO_ERROR, producer.reports.failures.isEmpty, remaining > 0 {
      result = rd_kafka_flush(client, min(remaining, 50))
    }
    if !producer.reports.failures.isEmpty { rd_kafka_flush(client, 50) }
    return result
  }

  private func sendOffsets() -> End? {
    let offsets = PartitionList(
      offsetsTopic, batch.offsets.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, under: batch.identities)
    while true {
      guard let error = rd_kafka_send_offsets_to_transaction(client, offsets.pointer, group.pointer, remaining) else {
        return nil
      }
      let failure = failure("send the offsets of", error)
      if failure.isAny(
        RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID)
      {
        return .fencedByGroup(failure)
      }
      guard failure.isRetriable, remaining > 0 else { return byTopic(failure) ?? .failed(failure) }
      usleep(50_000)
    }
  }

  private func commit() -> End {
    beforeCommit()
    guard remaining > 200 else {
      return .failed(
        KafkaFailure(
          "commit", "batch \(batch.id)", code: RD_KAFKA_RESP_ERR__TIMED_OUT.rawValue, detail: "no time is left"))
    }
    while let error = rd_kafka_commit_transaction(client, remaining) {
      let failure = failure("commit", error)
      guard failure.isRetriable, !failure.isFatal, !failure.requiresAbort, remaining > 0 else {
        return .uncertain(reason: failure.description, failure)
      }
      usleep(20_000)
    }
    Failpoint.committed.reach()
    let sent = producer.transmissions
    guard sent.areClean else {
      return .uncertain(
        reason:
          "the commit of batch \(batch.id) said OK, but EndTxn was sent \(sent.endCount) times and \(sent.lossCount) "
          + "requests of it were not answered", nil)
    }
    guard !producer.reports.isOffsetMissing else {
      return .uncertain(reason: "Kafka did not say where the state records of batch \(batch.id) stand", nil)
    }
    return .committed(stateEnds: producer.reports.stateEnds)
  }

  // MARK: - Helpers

  private var client: OpaquePointer { producer.handle.client }

  private var remaining: Int32 { Int32(clamping: max(deadline - Uptime.now(), 0)) }

  private static func outgoing(_ record: StateRecord, partition: Int32) -> OutgoingRecord {
    let (key, value) = record.encoded()
    return OutgoingRecord(topic: .state, partition: partition, key: key, value: value)
  }

  /// A record that fails because the transaction has failed says so only by being purged: librdkafka tells the cause on the next call.
  private func verdict(_ failure: KafkaFailure) -> End {
    guard
      failure.isAny(
        RD_KAFKA_RESP_ERR__PURGE_QUEUE, RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, RD_KAFKA_RESP_ERR__STATE,
        RD_KAFKA_RESP_ERR__FATAL)
    else { return .failed(failure) }
    return sendOffsets() ?? .failed(failure)
  }

  /// A transaction in which a topic was refused, by permission of that topic: its decisions are refused, not the batch. Which topic it
  /// was stands only in librdkafka's log, as in "Failed to add partition "outcomes" [0] to transaction".
  private func byTopic(_ failure: KafkaFailure) -> End? {
    guard failure.isAny(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) else { return nil }
    let lines = producer.handle.observer.takeRefusedPartitions().filter {
      $0.contains(String(cString: rd_kafka_err2str(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)))
    }
    let named = records.filter { record in
      let name = producer.name(of: record.record.topic)
      return lines.contains { $0.contains("\"\(name)\" [") || $0.contains(" \(name) [") }
    }
    guard !named.isEmpty else { return nil }
    var refused: [UInt64: String] = [:]
    for (decision, record) in named {
      refused[batch.decisions[decision].id] = refusal(record, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
    }
    return .refused(refused)
  }

  private func refusal(_ record: OutgoingRecord, _ code: rd_kafka_resp_err_t) -> String {
    let size = (record.key?.count ?? 0) + (record.value?.count ?? 0)
    return producer.handle.failure("write", "\(size) bytes to topic \(producer.name(of: record.topic))", code)
      .description
  }

  /// Whether the broker, or librdkafka for it, refuses this one record whatever else is in the transaction.
  private static func isOfTheRecord(_ code: rd_kafka_resp_err_t) -> Bool {
    [
      RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE,
      RD_KAFKA_RESP_ERR_INVALID_RECORD, RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP, RD_KAFKA_RESP_ERR_POLICY_VIOLATION,
      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
    ].contains(code)
  }

  private func failure(_ verb: String, _ error: OpaquePointer) -> KafkaFailure {
    producer.handle.explained(KafkaFailure(verb, "the transaction of batch \(batch.id)", consuming: error))
  }
}
