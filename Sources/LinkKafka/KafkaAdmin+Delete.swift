import CRdKafka

extension KafkaAdmin {
  /// Removes topics with all that is in them; one that is not there counts as removed.
  ///
  /// - Parameter timeout: In milliseconds, for all of them.
  /// - Throws: `KafkaFailure` for the first that was not removed; others may have been.
  public func delete(topics: [String], timeout: Int64 = 15_000) throws(KafkaFailure) {
    guard !topics.isEmpty else { return }
    var list: [OpaquePointer?] = topics.map { rd_kafka_DeleteTopic_new($0) }
    defer { for case let topic? in list { rd_kafka_DeleteTopic_destroy(topic) } }
    let subject = "topics \(topics.joined(separator: ", "))"
    let event = try request("delete", subject, RD_KAFKA_ADMIN_OP_DELETETOPICS, timeout) { options, queue in
      rd_kafka_DeleteTopics(handle.client, &list, topics.count, options, queue)
    }
    defer { rd_kafka_event_destroy(event) }
    var count = 0
    guard let results = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &count) else {
      return
    }
    for index in 0..<count {
      guard let result = results[index] else { continue }
      let code = rd_kafka_topic_result_error(result)
      guard code != RD_KAFKA_RESP_ERR_NO_ERROR, code != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART else { continue }
      throw handle.explained(
        KafkaFailure("delete", "topic \(String(cString: rd_kafka_topic_result_name(result)))", code: code.rawValue))
    }
  }

  /// Removes a consumer group that has no members, with its offsets; one that is not there counts as removed.
  ///
  /// - Parameter timeout: In milliseconds.
  public func delete(group: String, timeout: Int64 = 15_000) throws(KafkaFailure) {
    var list: [OpaquePointer?] = [rd_kafka_DeleteGroup_new(group)]
    defer { for case let group? in list { rd_kafka_DeleteGroup_destroy(group) } }
    let event = try request("delete", "group \(group)", RD_KAFKA_ADMIN_OP_DELETEGROUPS, timeout) { options, queue in
      rd_kafka_DeleteGroups(handle.client, &list, 1, options, queue)
    }
    defer { rd_kafka_event_destroy(event) }
    var count = 0
    guard let results = rd_kafka_DeleteGroups_result_groups(rd_kafka_event_DeleteGroups_result(event), &count) else {
      return
    }
    for index in 0..<count {
      guard let result = results[index], let error = rd_kafka_group_result_error(result) else { continue }
      let code = rd_kafka_error_code(error)
      guard code != RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND else { continue }
      throw handle.explained(
        KafkaFailure(
          "delete", "group \(group)", code: code.rawValue, detail: String(cString: rd_kafka_error_string(error))))
    }
  }
}
