import CRdKafka
import Glibc
public import LinkCore

/// A member of the consumer group on the requests topic.
///
/// One thread owns it: the one that polls. Only its `waker` may be used from others. Assigned partitions deliver nothing until
/// `start(partition:at:)` says from where, so that a lane is restored before its first record comes.
public final class KafkaConsumer {
  /// What a poll may bring.
  public enum Polled: Sendable {
    /// A record of a started partition.
    case record(SourceRecord)
    /// Everything of the partition that is committed has been delivered: `offset` is the next one.
    case reachedEnd(partition: Int32, offset: Int64)
    /// Something went wrong: for one partition, where the failure names one; for good, where it is fatal.
    case failure(KafkaFailure)
  }

  /// Called within `poll`, on its thread, with the partitions that are now this member's (with `range`: all of them).
  public var onAssign: ([Int32]) -> Void {
    get { assignment.onAssign }
    set { assignment.onAssign = newValue }
  }

  /// Called within `poll` or `close`, on their thread, before the partitions are given up; `lost` says that others may have them
  /// already. The group waits until it returns.
  public var onRevoke: (_ partitions: [Int32], _ lost: Bool) -> Void {
    get { assignment.onRevoke }
    set { assignment.onRevoke = newValue }
  }

  /// Ends a `poll` that waits, from any thread.
  public let waker: Waker

  private let topic: String
  private let handle: KafkaHandle
  private let assignment: Assignment
  private var topicHandle: OpaquePointer?
  private var isClosed = false

  /// A consumer that has not joined yet.
  ///
  /// - Throws: `KafkaFailure` for properties that are not taken, and for a librdkafka whose group metadata cannot be read.
  public init(properties: KafkaProperties, groupID: String, topic: String) throws(KafkaFailure) {
    guard GroupMetadata.formIsKnown() else {
      throw KafkaFailure(
        "use", "librdkafka \(String(cString: rd_kafka_version_str()))",
        code: RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE.rawValue,
        detail: "it writes a consumer's generation in a form that is not known here",
        hint: "use another version of librdkafka")
    }
    self.topic = topic
    assignment = Assignment(topic: topic)
    handle = try KafkaHandle(properties, .consumer(groupID: groupID), owner: assignment) { configuration in
      rd_kafka_conf_set_rebalance_cb(configuration) { client, event, partitions, opaque in
        guard let client, let partitions, let opaque else { return }
        let observer = Unmanaged<ClientObserver>.fromOpaque(opaque).takeUnretainedValue()
        observer.owner(as: Assignment.self)?.rebalanced(client, event, partitions)
      }
    }
    // Partitions can only be paused before they are assigned while librdkafka knows their topic.
    topicHandle = rd_kafka_topic_new(handle.client, topic, nil)
    waker = Waker(queue: rd_kafka_queue_get_consumer(handle.client))
  }

  deinit {
    assignment.onAssign = { _ in }
    assignment.onRevoke = { _, _ in }
    close()
  }

  /// Joins the group; assignments come with `poll`.
  public func subscribe() throws(KafkaFailure) {
    guard !isClosed else {
      throw KafkaFailure("subscribe to", "topic \(topic)", code: RD_KAFKA_RESP_ERR__STATE.rawValue)
    }
    let list = PartitionList(topic, [RD_KAFKA_PARTITION_UA])
    let result = rd_kafka_subscribe(handle.client, list.pointer)
    guard result == RD_KAFKA_RESP_ERR_NO_ERROR else { throw handle.failure("subscribe to", "topic \(topic)", result) }
  }

  /// Waits up to so many milliseconds for the next thing that happens; nil where nothing did, `wake()` was called, or what came is not to
  /// be seen. Must be called at least every `max.poll.interval.ms`.
  public func poll(timeoutMilliseconds: Int32) -> Polled? {
    guard !isClosed else { return nil }
    if let failure = assignment.takeFailure() { return .failure(handle.explained(failure)) }
    guard let message = rd_kafka_consumer_poll(handle.client, timeoutMilliseconds) else {
      return assignment.takeFailure().map { .failure(handle.explained($0)) }
    }
    defer { rd_kafka_message_destroy(message) }
    let partition = message.pointee.partition
    switch message.pointee.err {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      guard assignment.delivers(partition, message.pointee.offset, isRecord: true) else { return nil }
      return .record(KafkaMessage.record(message))
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      guard assignment.delivers(partition, message.pointee.offset, isRecord: false) else { return nil }
      return .reachedEnd(partition: partition, offset: message.pointee.offset)
    default:
      return .failure(failure(of: message))
    }
  }

  /// Ends a `poll` that waits, from any thread; the same as `waker.wake()`.
  public func wake() { waker.wake() }

  /// Lets a partition deliver, from exactly `offset` on; the first record is the first one at or after it.
  ///
  /// - Throws: `KafkaFailure`; with `_STATE` where the partition is not assigned (any more) or cannot be started within ten seconds.
  public func start(partition: Int32, at offset: Int64) throws(KafkaFailure) {
    let subject = "partition \(partition) of \(topic) at offset \(offset)"
    guard !isClosed, assignment.isAssigned(partition), offset >= 0 else {
      throw KafkaFailure("start", subject, code: RD_KAFKA_RESP_ERR__STATE.rawValue, partition: partition)
    }
    try seek(partition, offset, subject)
    assignment.start(partition, at: offset)
    try change([partition], paused: false, "start")
  }

  /// Holds back partitions that have been started; others stay as they are.
  public func pause(_ partitions: [Int32]) throws(KafkaFailure) {
    try change(partitions.filter { assignment.hold($0) }, paused: true, "pause")
  }

  /// Lets partitions that `pause` held back deliver again; others stay as they are.
  ///
  /// It starts them anew at the first record that was not delivered: librdkafka itself goes on behind what it had fetched, where nothing had
  /// been delivered between a seek and a pause.
  public func resume(_ partitions: [Int32]) throws(KafkaFailure) {
    for partition in partitions {
      if let position = assignment.heldPosition(partition) { try start(partition: partition, at: position) }
    }
  }

  /// Who this member is now, for the fence of a commit; nil while it is in no generation: nothing may be committed then.
  public func groupMetadata() -> GroupMetadata? {
    guard !isClosed else { return nil }
    return rd_kafka_consumer_group_metadata(handle.client).flatMap { GroupMetadata(consuming: $0) }
  }

  /// This member's id; nil before it has joined.
  public var memberID: String? {
    guard !isClosed, let text = rd_kafka_memberid(handle.client) else { return nil }
    defer { rd_kafka_mem_free(handle.client, text) }
    let id = String(cString: text)
    return id.isEmpty ? nil : id
  }

  /// The low watermark and the end of what is committed, as the last fetch told; nil before one did.
  public func watermarks(partition: Int32) -> (low: Int64, high: Int64)? {
    guard !isClosed else { return nil }
    var low: Int64 = -1
    var high: Int64 = -1
    let result = rd_kafka_get_watermark_offsets(handle.client, topic, partition, &low, &high)
    return result == RD_KAFKA_RESP_ERR_NO_ERROR && low >= 0 && high >= 0 ? (low, high) : nil
  }

  /// Gives the partitions up (`onRevoke` is called), leaves the group and ends the client. Waits for the group's coordinator.
  public func close() {
    guard !isClosed else { return }
    isClosed = true
    // Before: a wake ends librdkafka's own wait within the closing as well, and what was not closed is waited for in vain when it is destroyed.
    waker.invalidate()
    handle.guarded("close the consumer") { _ = rd_kafka_consumer_close(handle.client) }
    if let topicHandle { rd_kafka_topic_destroy(topicHandle) }
    topicHandle = nil
    handle.destroy()
  }

  // MARK: - Helpers

  private func failure(of message: UnsafePointer<rd_kafka_message_t>) -> KafkaFailure {
    var code = message.pointee.err
    var detail = rd_kafka_message_errstr(message).map { String(cString: $0) } ?? ""
    var text = ErrorText()
    let fatal = text.fill { rd_kafka_fatal_error(handle.client, $0, $1) }
    if fatal != RD_KAFKA_RESP_ERR_NO_ERROR {
      code = fatal
      detail = text.text
    }
    let partition = message.pointee.rkt == nil || message.pointee.partition < 0 ? nil : message.pointee.partition
    return handle.explained(
      KafkaFailure(
        "consume", partition.map { "partition \($0) of \(topic)" } ?? "topic \(topic)", code: code.rawValue,
        detail: detail, partition: partition, isFatal: fatal != RD_KAFKA_RESP_ERR_NO_ERROR))
  }

  /// An assigned partition takes a seek only once its fetcher runs, and that follows the assignment asynchronously.
  private func seek(_ partition: Int32, _ offset: Int64, _ subject: String) throws(KafkaFailure) {
    let deadline = Uptime.now() + 10_000
    while true {
      let list = PartitionList(topic, [(partition, offset)])
      var failure: KafkaFailure?
      if let error = rd_kafka_seek_partitions(handle.client, list.pointer, 1_000) {
        failure = KafkaFailure("start", subject, consuming: error)
      } else if let result = list.elements.first?.error, result != RD_KAFKA_RESP_ERR_NO_ERROR {
        failure = KafkaFailure("start", subject, code: result.rawValue)
      }
      guard var failure else { return }
      failure.partition = partition
      let passes = failure.isAny(
        RD_KAFKA_RESP_ERR__STATE, RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS, RD_KAFKA_RESP_ERR__IN_PROGRESS,
        RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
      guard passes, Uptime.now() < deadline else { throw handle.explained(failure) }
      usleep(2_000)
    }
  }

  private func change(_ partitions: [Int32], paused: Bool, _ verb: String) throws(KafkaFailure) {
    guard !isClosed, !partitions.isEmpty else { return }
    let list = PartitionList(topic, partitions)
    let result =
      paused
      ? rd_kafka_pause_partitions(handle.client, list.pointer)
      : rd_kafka_resume_partitions(handle.client, list.pointer)
    guard result == RD_KAFKA_RESP_ERR_NO_ERROR else { throw handle.failure(verb, "topic \(topic)", result) }
    if let bad = list.elements.first(where: { $0.error != RD_KAFKA_RESP_ERR_NO_ERROR }) {
      throw handle.failure(verb, "partition \(bad.partition) of \(topic)", bad.error, partition: bad.partition)
    }
  }
}
