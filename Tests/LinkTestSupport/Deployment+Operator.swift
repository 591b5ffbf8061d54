import CRdKafka
import Glibc
public import LinkCore
import LinkKafka

/// What an operator may do to a deployment's topics and group, rightly or not.
extension Deployment {
  /// Has Kafka's own tool change the group's offsets of the requests topic, as in `["--reset-offsets", "--to-earliest", "--execute"]`; but for those
  /// of a partition alone, the group must have no members.
  ///
  /// - Parameter partition: nil for all.
  public func changeOffsets(_ change: [String], partition: Int32? = nil) throws {
    let subject = topic(.requests) + (partition.map { ":\($0)" } ?? "")
    let outcome = try TestKafka.runTool(
      [
        "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", "--bootstrap-server", bootstrap, "--group", group,
        "--topic", subject,
      ] + change)
    let text = outcome.outputText + outcome.errorText
    guard outcome.code == 0, !text.contains("Error") else { throw Missing("Offsets by \(change): \(text)") }
  }

  /// Sets the group's offsets back to the beginning; the group must have no members.
  public func resetOffsets(to end: String = "earliest") throws {
    try changeOffsets(["--reset-offsets", "--to-\(end)", "--execute"])
  }

  /// Commits any offset at all for the group, which must have no members.
  public func commit(offset: Int64, partition: Int32) throws {
    let client = try ForeignClient(RD_KAFKA_CONSUMER, ["bootstrap.servers": bootstrap, "group.id": group])
    let list = rd_kafka_topic_partition_list_new(1)
    defer { rd_kafka_topic_partition_list_destroy(list) }
    rd_kafka_topic_partition_list_add(list, topic(.requests), partition)
    rd_kafka_topic_partition_list_set_offset(list, topic(.requests), partition, offset)
    try client.check(rd_kafka_commit(client.client, list, 0), "The offset \(offset)")
  }

  /// Drops the records of a partition before an offset.
  public func deleteRecords(_ role: TopicRole, partition: Int32, before offset: Int64) throws {
    let client = try ForeignClient(RD_KAFKA_PRODUCER, ["bootstrap.servers": bootstrap])
    let list = rd_kafka_topic_partition_list_new(1)
    defer { rd_kafka_topic_partition_list_destroy(list) }
    rd_kafka_topic_partition_list_add(list, topic(role), partition)
    rd_kafka_topic_partition_list_set_offset(list, topic(role), partition, offset)
    var requests = [rd_kafka_DeleteRecords_new(list)]
    defer { rd_kafka_DeleteRecords_destroy(requests[0]) }
    let queue = rd_kafka_queue_new(client.client)
    defer { rd_kafka_queue_destroy(queue) }
    rd_kafka_DeleteRecords(client.client, &requests, 1, nil, queue)
    guard let event = rd_kafka_queue_poll(queue, 60_000) else { throw Missing("An answer to DeleteRecords") }
    defer { rd_kafka_event_destroy(event) }
    try client.check(rd_kafka_event_error(event), "DeleteRecords")
    let result = rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event))
    guard let element = result?.pointee.elems?.pointee else { throw Missing("An answer to DeleteRecords") }
    try client.check(element.err, "DeleteRecords of \(topic(role)) [\(partition)] before \(offset)")
  }

  /// Deletes topics, with all that is in them.
  public func delete(_ roles: [TopicRole]) throws {
    try KafkaAdmin(properties: properties).delete(topics: roles.map { topic($0) }, timeout: 60_000)
  }

  /// Makes those of the topics that are not there, by `linkworker topics create`.
  public func makeTopics() throws {
    let outcome = try run(["topics", "create", "--partitions", String(partitions)])
    guard outcome.code == 0 else { throw Missing("The topics: \(outcome.errorText)") }
  }

  /// Deletes topics and makes them anew under the same names.
  public func makeAnew(_ roles: [TopicRole]) throws {
    try delete(roles)
    try makeTopics()
  }
}
