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
    let problems = failure.problems(in: origins)
    if problems.isEmpty { self.init(failure) } else { self.init(SettingsFailure(problems: problems)) }
  }
}

extension KafkaFailure {
  /// The problem that this is with one of these properties; none where it is about something else.
  func problems(in properties: [KafkaProperty]) -> [SettingProblem] {
    properties.filter { SettingTable.passThroughPrefix + $0.name == subject }.prefix(1).map { property in
      SettingProblem(
        subject: subject, origin: property.origin,
        fault: SettingFault(
          "is not taken by librdkafka: \(detail)", hint: hint ?? "see librdkafka's CONFIGURATION.md"))
    }
  }

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
