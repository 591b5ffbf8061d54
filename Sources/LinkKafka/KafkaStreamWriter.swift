import CRdKafka
public import LinkCore

/// Writes a stream of records outside any transaction, idempotently, and tells what became of each. One thread owns it.
///
/// No more than `recordLimit` records and `byteLimit` bytes are on their way at a time, so that its memory does not grow with the stream.
public final class KafkaStreamWriter {
  /// Records on their way at most.
  public static let recordLimit = 10_000
  /// Their keys and values at most, in bytes.
  public static let byteLimit = 32 << 20

  /// What became of a record that was handed in.
  public struct Delivery: Sendable {
    /// What the record was handed in with.
    public var tag: Int
    /// What became of it.
    public var fate: Fate

    /// A delivery.
    public init(tag: Int, fate: Fate) {
      self.tag = tag
      self.fate = fate
    }
  }

  /// What became of a record.
  public enum Fate: Sendable {
    /// Kafka has it, at this place.
    case written(partition: Int32, offset: Int64)
    /// Nobody acknowledged it. `mayBeWritten`: it was sent, and Kafka may have it all the same.
    case lost(KafkaFailure, mayBeWritten: Bool)
  }

  /// What became of the offer of a record.
  public enum Admission: Sendable {
    /// It is on its way.
    case accepted
    /// There is no room now: poll, and offer it again.
    case full
    /// It will never be taken.
    case refused(KafkaFailure)
  }

  private let reports = StreamReports()
  private let handle: KafkaHandle
  private let topicName: String
  private let topic: OpaquePointer
  private let properties: KafkaProperties
  private var inFlightCount = 0
  private var inFlightBytes = 0
  /// What is on its way, by tag: a broker refuses a batch for its size, or for one of its records, as a whole.
  private var records: [Int: OutgoingRecord] = [:]
  /// Writes again, each alone, what was refused within a batch; nil within that writer itself, and before it is needed.
  private var loneWriter: KafkaStreamWriter?
  private let isLone: Bool

  /// A writer to one topic.
  ///
  /// - Throws: `KafkaFailure` for properties that are not taken.
  public convenience init(properties: KafkaProperties, topic name: String) throws(KafkaFailure) {
    try self.init(properties, topic: name, isLone: false)
  }

  private init(_ properties: KafkaProperties, topic name: String, isLone: Bool) throws(KafkaFailure) {
    self.properties = properties
    self.isLone = isLone
    var properties = properties
    if isLone { properties.values["batch.num.messages"] = "1" }
    // Its own bound is the smaller one; this keeps librdkafka from promising room for 100 000 records of any size.
    if properties.values["queue.buffering.max.kbytes"] == nil {
      properties.values["queue.buffering.max.kbytes"] = String(Self.byteLimit / 512)
    }
    topicName = name
    let handle = try KafkaHandle(properties, .writer, owner: reports) { configuration in
      rd_kafka_conf_set_dr_msg_cb(configuration) { _, message, opaque in
        guard let message, let opaque else { return }
        Unmanaged<ClientObserver>.fromOpaque(opaque).takeUnretainedValue().owner(as: StreamReports.self)?.take(message)
      }
    }
    guard let topic = rd_kafka_topic_new(handle.client, name, nil) else {
      throw handle.failure("use", "topic \(name)", rd_kafka_last_error())
    }
    self.handle = handle
    self.topic = topic
    handle.learn(topic: name)
  }

  deinit { close() }

  /// How many records are on their way.
  public var pendingCount: Int { inFlightCount + (loneWriter?.inFlightCount ?? 0) }

  /// Hands in a record for this writer's topic; `tag`, which no other record on its way has, comes back with its delivery.
  public func offer(_ record: OutgoingRecord, tag: Int) -> Admission {
    guard pendingCount < Self.recordLimit, inFlightBytes < Self.byteLimit else { return .full }
    switch KafkaMessage.produce(record, on: handle.client, topic, index: tag) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      inFlightCount += 1
      inFlightBytes += (record.key?.count ?? 0) + (record.value?.count ?? 0)
      if !isLone { records[tag] = record }
      return .accepted
    case RD_KAFKA_RESP_ERR__QUEUE_FULL: return .full
    case let code: return .refused(failure(code))
    }
  }

  /// What has become known since the last call; waits for it no longer than `milliseconds`.
  public func poll(_ milliseconds: Int32) -> [Delivery] {
    guard let loneWriter, loneWriter.inFlightCount > 0 else { return pollOwn(milliseconds) }
    return pollOwn(0) + loneWriter.poll(milliseconds)
  }

  private func pollOwn(_ milliseconds: Int32) -> [Delivery] {
    rd_kafka_poll(handle.client, milliseconds)
    return reports.takeAll().compactMap { report in
      inFlightCount -= 1
      inFlightBytes -= report.byteCount
      let record = records.removeValue(forKey: report.tag)
      guard report.code != RD_KAFKA_RESP_ERR_NO_ERROR else {
        return Delivery(tag: report.tag, fate: .written(partition: report.partition, offset: report.offset))
      }
      let failure = failure(report.code)
      if failure.refusesRecord, let record, offerAlone(record, tag: report.tag) { return nil }
      return Delivery(tag: report.tag, fate: .lost(failure, mayBeWritten: report.mayBeWritten))
    }
  }

  /// Hands in again, alone, what the broker has refused within a batch; false where that cannot be.
  private func offerAlone(_ record: OutgoingRecord, tag: Int) -> Bool {
    do throws(KafkaFailure) {
      if loneWriter == nil { loneWriter = try KafkaStreamWriter(properties, topic: topicName, isLone: true) }
      guard case .accepted? = loneWriter?.offer(record, tag: tag) else { return false }
      return true
    } catch {
      // Then the refusal of the batch is what is told.
      handle.observer.note(error)
      return false
    }
  }

  /// Gives up all that is on its way. What that was comes with the following polls.
  public func abandon() {
    loneWriter?.abandon()
    rd_kafka_purge(handle.client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
  }

  /// Ends it; what is on its way still is not waited for.
  public func close() {
    guard !isClosed else { return }
    isClosed = true
    loneWriter?.close()
    if inFlightCount > 0 { abandon() }
    rd_kafka_topic_destroy(topic)
    handle.destroy()
  }

  private var isClosed = false

  /// A record that goes down with its idempotent producer, or whose time is over, says nothing of what kept it.
  private func failure(_ code: rd_kafka_resp_err_t) -> KafkaFailure {
    let subject = "to topic \(topicName)"
    var message = ErrorText()
    let cause = message.fill { rd_kafka_fatal_error(handle.client, $0, $1) }
    if cause != RD_KAFKA_RESP_ERR_NO_ERROR {
      return handle.explained(
        KafkaFailure("write", subject, code: cause.rawValue, detail: message.text, isFatal: true))
    }
    guard code == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT else { return handle.failure("write", subject, code) }
    return handle.explained(
      KafkaFailure(
        "write", subject, code: RD_KAFKA_RESP_ERR__TIMED_OUT.rawValue,
        detail: "not acknowledged within kafka.delivery.timeout.ms"))
  }
}

/// Gathers librdkafka's delivery reports, which come within a poll.
private final class StreamReports {
  struct Report {
    var tag: Int
    var code: rd_kafka_resp_err_t
    var partition: Int32
    var offset: Int64
    var byteCount: Int
    var mayBeWritten: Bool
  }

  private var reports: [Report] = []

  func take(_ message: UnsafePointer<rd_kafka_message_t>) {
    reports.append(
      Report(
        tag: Int(bitPattern: message.pointee._private), code: message.pointee.err,
        partition: message.pointee.partition, offset: message.pointee.offset,
        byteCount: message.pointee.key_len + message.pointee.len,
        mayBeWritten: rd_kafka_message_status(message) != RD_KAFKA_MSG_STATUS_NOT_PERSISTED))
  }

  func takeAll() -> [Report] {
    defer { reports.removeAll(keepingCapacity: true) }
    return reports
  }
}
