import LinkKafka

extension CommandFailure {
  /// What was asked of Kafka did not happen.
  init(_ failure: KafkaFailure) {
    self.init(
      failure.exitCode,
      Line(failure.operation, failure.subject, "\(failure.detail) (\(failure.name))", hint: failure.hint ?? ""))
  }

  /// librdkafka does not take one of these properties.
  init(_ failure: KafkaFailure, origins: [KafkaProperty]) {
    let prefix = SettingTable.passThroughPrefix
    guard let property = origins.first(where: { prefix + $0.name == failure.subject }) else {
      self.init(failure)
      return
    }
    let fault = SettingFault(
      "is not taken by librdkafka: \(failure.detail)", hint: failure.hint ?? "see librdkafka's CONFIGURATION.md")
    self.init(
      SettingsFailure(problems: [
        SettingProblem(subject: failure.subject, origin: property.origin, fault: fault)
      ]))
  }
}

extension KafkaFailure {
  /// How a command ends for it: 77 where Kafka refused who we are or what we want, 78 where a certificate is not trusted, 69 where Kafka did not
  /// answer, else 78.
  var exitCode: ExitCode {
    if name.hasSuffix("AUTHORIZATION_FAILED") || name.hasSuffix("AUTHENTICATION_FAILED") || name == "_AUTHENTICATION" {
      return .noPermission
    }
    if isDistrust { return .config }
    let isUnanswered = [
      "_TRANSPORT", "_TIMED_OUT", "_ALL_BROKERS_DOWN", "_RESOLVE", "_SSL", "_TIMED_OUT_QUEUE", "_WAIT_COORD",
      "REQUEST_TIMED_OUT", "NETWORK_EXCEPTION", "COORDINATOR_NOT_AVAILABLE", "NOT_CONTROLLER", "LEADER_NOT_AVAILABLE",
      "BROKER_NOT_AVAILABLE",
    ].contains(name)
    return isUnanswered ? .unavailable : .config
  }
}
