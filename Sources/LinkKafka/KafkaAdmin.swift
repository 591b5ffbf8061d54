import CRdKafka
import Glibc

/// What stands on the cluster of one topic.
public struct TopicDescription: Equatable, Sendable {
  /// How many partitions it has.
  public var partitions: Int
  /// On how many brokers each partition is kept.
  public var replication: Int
  /// Its settings, Kafka's names, as they are in force.
  public var settings: [String: String]

  /// A topic.
  public init(partitions: Int, replication: Int, settings: [String: String] = [:]) {
    self.partitions = partitions
    self.replication = replication
    self.settings = settings
  }
}

/// Looks at topics and makes them. May be used from any thread.
public final class KafkaAdmin: Sendable {
  let handle: KafkaHandle

  /// A client for administration.
  ///
  /// - Throws: `KafkaFailure` for properties that are not taken.
  public init(properties: KafkaProperties) throws(KafkaFailure) {
    handle = try KafkaHandle(properties, .admin)
  }

  /// Partitions and replication of topics; a topic that does not exist is absent. No topic is made by asking.
  ///
  /// - Parameters:
  ///   - timeout: In milliseconds, for all of it.
  ///   - isStopped: Asked every 2 s at least; where it says yes, what has failed up to then is thrown.
  public func metadata(
    of topics: [String], timeout: Int64 = 10_000, isStopped: () -> Bool = { false }
  ) throws(KafkaFailure) -> [String: TopicDescription] {
    let deadline = Uptime.now() + timeout
    var found: [String: TopicDescription] = [:]
    for topic in topics { found[topic] = try metadata(of: topic, deadline, isStopped) }
    return found
  }

  /// Makes a topic.
  ///
  /// - Parameters:
  ///   - replication: On how many brokers; nil: the brokers' default.
  ///   - settings: Kafka's names.
  /// - Throws: `KafkaFailure`, with `TOPIC_ALREADY_EXISTS` where there is one.
  public func create(
    topic: String, partitions: Int, replication: Int? = nil, settings: [String: String] = [:], timeout: Int64 = 30_000
  ) throws(KafkaFailure) {
    var message = ErrorText()
    let new = message.fill {
      rd_kafka_NewTopic_new(topic, Int32(clamping: partitions), Int32(clamping: replication ?? -1), $0, $1)
    }
    guard let new else {
      throw KafkaFailure(
        "create", "topic \(topic)", code: RD_KAFKA_RESP_ERR__INVALID_ARG.rawValue, detail: message.text)
    }
    defer { rd_kafka_NewTopic_destroy(new) }
    for (name, value) in settings.sorted(by: { $0.key < $1.key }) { rd_kafka_NewTopic_set_config(new, name, value) }
    let event = try request("create", "topic \(topic)", RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout) { options, queue in
      var topics: [OpaquePointer?] = [new]
      rd_kafka_CreateTopics(handle.client, &topics, 1, options, queue)
    }
    defer { rd_kafka_event_destroy(event) }
    var count = 0
    guard let results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count) else {
      return
    }
    for index in 0..<count {
      guard let result = results[index] else { continue }
      let code = rd_kafka_topic_result_error(result)
      guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { continue }
      throw handle.explained(
        KafkaFailure(
          "create", "topic \(topic)", code: code.rawValue,
          detail: rd_kafka_topic_result_error_string(result).map { String(cString: $0) }))
    }
    try awaitAppearance(of: topic, Uptime.now() + timeout)
  }

  /// The settings of topics as they are in force, by topic and Kafka's name. A topic that was just made need not be known yet to the broker
  /// that is asked, though another has told of it: then it is asked again, for up to three seconds.
  public func describe(topics: [String], timeout: Int64 = 10_000) throws(KafkaFailure) -> [String: [String: String]] {
    let patience = Uptime.now() + 3_000
    while true {
      do throws(KafkaFailure) {
        return try describeOnce(topics, timeout)
      } catch {
        guard error.isAny(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART), Uptime.now() < patience else { throw error }
        usleep(50_000)
      }
    }
  }

  // MARK: - Helpers

  private func describeOnce(_ topics: [String], _ timeout: Int64) throws(KafkaFailure) -> [String: [String: String]] {
    guard !topics.isEmpty else { return [:] }
    var resources: [OpaquePointer?] = topics.map { rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, $0) }
    defer { for case let resource? in resources { rd_kafka_ConfigResource_destroy(resource) } }
    let subject = topics.count == 1 ? "topic \(topics[0])" : "topics \(topics.joined(separator: ", "))"
    let event = try request("describe", subject, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout) { options, queue in
      rd_kafka_DescribeConfigs(handle.client, &resources, topics.count, options, queue)
    }
    defer { rd_kafka_event_destroy(event) }
    return try settings(in: event)
  }

  /// The controller has made it; that the brokers know is another matter.
  private func awaitAppearance(of topic: String, _ deadline: Int64) throws(KafkaFailure) {
    while try metadata(of: topic, deadline) == nil {
      guard Uptime.now() < deadline else {
        throw handle.failure("create", "topic \(topic)", RD_KAFKA_RESP_ERR__TIMED_OUT)
      }
      usleep(20_000)
    }
  }

  private func metadata(
    of name: String, _ deadline: Int64, _ isStopped: () -> Bool = { false }
  ) throws(KafkaFailure) -> TopicDescription? {
    guard let topic = rd_kafka_topic_new(handle.client, name, nil) else {
      throw handle.failure("ask Kafka about", "topic \(name)", rd_kafka_last_error())
    }
    defer { rd_kafka_topic_destroy(topic) }
    let metadata = try handle.metadata(
      topic, deadline, "ask Kafka about", "topic \(name)", isStopped: isStopped)
    defer { rd_kafka_metadata_destroy(metadata) }
    guard metadata.pointee.topic_cnt > 0, let found = metadata.pointee.topics?.pointee else { return nil }
    switch found.err {
    case RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE: break
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC: return nil
    default: throw handle.failure("ask Kafka about", "topic \(name)", found.err)
    }
    let partitions = UnsafeBufferPointer(start: found.partitions, count: Int(found.partition_cnt))
    return TopicDescription(
      partitions: partitions.count, replication: partitions.map { Int($0.replica_cnt) }.min() ?? 0)
  }

  /// Sends an administrative request and waits for its answer, which the caller frees.
  func request(
    _ operation: String, _ subject: String, _ kind: rd_kafka_admin_op_t, _ timeout: Int64,
    _ send: (_ options: OpaquePointer?, _ queue: OpaquePointer?) -> Void
  ) throws(KafkaFailure) -> OpaquePointer {
    let queue = rd_kafka_queue_new(handle.client)
    defer { rd_kafka_queue_destroy(queue) }
    let options = rd_kafka_AdminOptions_new(handle.client, kind)
    defer { rd_kafka_AdminOptions_destroy(options) }
    var message = ErrorText()
    let wait = Int32(clamping: timeout)
    _ = message.fill { rd_kafka_AdminOptions_set_request_timeout(options, wait, $0, $1) }
    if kind == RD_KAFKA_ADMIN_OP_CREATETOPICS || kind == RD_KAFKA_ADMIN_OP_DELETETOPICS {
      // Until the topic can be used, or is gone, not only until the controller knows it.
      _ = message.fill { rd_kafka_AdminOptions_set_operation_timeout(options, wait, $0, $1) }
    }
    send(options, queue)
    guard let event = rd_kafka_queue_poll(queue, wait + 1_000) else {
      throw handle.failure(operation, subject, RD_KAFKA_RESP_ERR__TIMED_OUT)
    }
    let code = rd_kafka_event_error(event)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
      let detail = rd_kafka_event_error_string(event).map { String(cString: $0) }
      rd_kafka_event_destroy(event)
      throw handle.explained(KafkaFailure(operation, subject, code: code.rawValue, detail: detail))
    }
    return event
  }

  private func settings(in event: OpaquePointer) throws(KafkaFailure) -> [String: [String: String]] {
    var count = 0
    let result = rd_kafka_event_DescribeConfigs_result(event)
    guard let resources = rd_kafka_DescribeConfigs_result_resources(result, &count) else { return [:] }
    var settings: [String: [String: String]] = [:]
    for index in 0..<count {
      guard let resource = resources[index] else { continue }
      let name = String(cString: rd_kafka_ConfigResource_name(resource))
      let code = rd_kafka_ConfigResource_error(resource)
      guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
        throw handle.explained(
          KafkaFailure(
            "describe", "topic \(name)", code: code.rawValue,
            detail: rd_kafka_ConfigResource_error_string(resource).map { String(cString: $0) }))
      }
      settings[name] = Self.entries(of: resource)
    }
    return settings
  }

  private static func entries(of resource: OpaquePointer) -> [String: String] {
    var count = 0
    guard let entries = rd_kafka_ConfigResource_configs(resource, &count) else { return [:] }
    var settings: [String: String] = [:]
    for index in 0..<count {
      guard let entry = entries[index], let value = rd_kafka_ConfigEntry_value(entry) else { continue }
      settings[String(cString: rd_kafka_ConfigEntry_name(entry))] = String(cString: value)
    }
    return settings
  }
}
