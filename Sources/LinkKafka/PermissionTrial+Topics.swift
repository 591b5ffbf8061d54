import CRdKafka

extension PermissionTrial {
  /// Whether topics that exist may be read (Read): their first partition is read at its end, where nothing comes.
  ///
  /// - Parameter timeout: In milliseconds, for all of them.
  public func read(topics: [String], timeout: Int64 = 10_000) -> [String: Verdict] {
    guard !topics.isEmpty else { return [:] }
    for topic in topics { reader.learn(topic: topic) }
    let list = rd_kafka_topic_partition_list_new(Int32(topics.count))
    defer { rd_kafka_topic_partition_list_destroy(list) }
    for topic in topics {
      rd_kafka_topic_partition_list_add(list, topic, 0).pointee.offset = Int64(RD_KAFKA_OFFSET_END)
    }
    let result = rd_kafka_assign(reader.client, list)
    guard result == RD_KAFKA_RESP_ERR_NO_ERROR else { return unknown(topics, "read", result) }
    defer { rd_kafka_assign(reader.client, nil) }
    var verdicts: [String: Verdict] = [:]
    let deadline = Uptime.now() + timeout
    while verdicts.count < topics.count {
      let left = deadline - Uptime.now()
      guard left > 0 else { break }
      poll(Int32(clamping: min(left, 200))) { topic, code in
        switch code {
        case RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR__PARTITION_EOF: verdicts[topic] = .allowed
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED: verdicts[topic] = .refused
        default:
          if !StateReader.passes(code) {
            verdicts[topic] = .unknown(reader.failure("read", "topic \(topic)", code))
          }
        }
      }
    }
    return verdicts.merging(unknown(topics, "read", RD_KAFKA_RESP_ERR__TIMED_OUT)) { known, _ in known }
  }

  /// Whether topics that exist may be written to (Write): a record asks for two acknowledgements, a number that Kafka has not known since 0.9 and
  /// refuses without writing anything.
  ///
  /// - Parameter timeout: In milliseconds, for all of them.
  public func write(topics: [String], timeout: Int64 = 10_000) -> [String: Verdict] {
    let reports = TrialReports()
    let handle: KafkaHandle
    do throws(KafkaFailure) {
      handle = try KafkaHandle(properties, .writeTrial, owner: reports) { configuration in
        rd_kafka_conf_set_dr_msg_cb(configuration) { _, message, opaque in
          guard let message, let opaque else { return }
          Unmanaged<ClientObserver>.fromOpaque(opaque).takeUnretainedValue().owner(as: TrialReports.self)?.add(message)
        }
      }
    } catch {
      return Dictionary(topics.map { ($0, .unknown(error)) }) { first, _ in first }
    }
    defer { handle.destroy() }
    for topic in topics {
      guard let pointer = rd_kafka_topic_new(handle.client, topic, nil) else { continue }
      _ = link_produce(handle.client, pointer, 0, nil, 0, nil, 0, 0, nil, nil)
      rd_kafka_topic_destroy(pointer)
    }
    rd_kafka_flush(handle.client, Int32(clamping: timeout))
    rd_kafka_purge(handle.client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
    rd_kafka_poll(handle.client, 0)
    var verdicts: [String: Verdict] = [:]
    for (topic, code) in reports.codes {
      switch code {
      case RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS, RD_KAFKA_RESP_ERR_NO_ERROR: verdicts[topic] = .allowed
      case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED: verdicts[topic] = .refused
      case RD_KAFKA_RESP_ERR__PURGE_QUEUE, RD_KAFKA_RESP_ERR__PURGE_INFLIGHT: continue
      default: verdicts[topic] = .unknown(handle.failure("write", "to topic \(topic)", code))
      }
    }
    return verdicts.merging(unknown(topics, "write to", RD_KAFKA_RESP_ERR__TIMED_OUT)) { known, _ in known }
  }

  private func unknown(_ topics: [String], _ operation: String, _ code: rd_kafka_resp_err_t) -> [String: Verdict] {
    Dictionary(topics.map { ($0, .unknown(reader.failure(operation, "topic \($0)", code))) }) { first, _ in first }
  }
}

/// What became of the records of a trial, by topic. Belongs to the thread of the trial.
private final class TrialReports {
  private(set) var codes: [String: rd_kafka_resp_err_t] = [:]

  /// librdkafka's delivery report callback, within a flush.
  func add(_ message: UnsafePointer<rd_kafka_message_t>) {
    guard let handle = message.pointee.rkt, let name = rd_kafka_topic_name(handle) else { return }
    codes[String(cString: name)] = message.pointee.err
  }
}
