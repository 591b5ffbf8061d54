import LinkKafka

extension KafkaProperties {
  /// Throws where one of these topics may not be read: a reader of it would only hear nothing, or too late.
  func checkReading(_ topics: [String]) throws(KafkaFailure) {
    let verdicts = try PermissionTrial(properties: self, groupID: "linkworker-browser").read(topics: topics)
    for topic in topics {
      switch verdicts[topic] {
      case .allowed, nil: continue
      // 29 is TOPIC_AUTHORIZATION_FAILED.
      case .refused: throw KafkaFailure("read", "topic \(topic)", code: 29)
      case .unknown(let failure): throw failure
      }
    }
  }
}
