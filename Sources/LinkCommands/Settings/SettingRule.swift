import LinkCore

/// What must hold between settings. A rule is passed over when one of its settings has a problem of its own already.
struct SettingRule: Sendable {
  /// The settings that it is about.
  var names: [String]
  /// What is wrong, if anything.
  var check: @Sendable (WorkerSettings) -> SettingFault?

  static let all: [SettingRule] =
    [
      ordered("retry.initial.ms", \.retry.initial, "retry.max.ms", \.retry.max),
      ordered("adapter.connect.timeout.ms", \.adapter.connectTimeout, "adapter.timeout.ms", \.adapter.timeout),
      ordered("token.life.ms", \.tokenLife, "state.retention.ms", \.stateRetention),
      ordered("retry.deadline.ms", \.retry.deadline, "state.retention.ms", \.stateRetention),
      SettingRule(names: ["adapter.url", "insecure.adapter"], check: plainAdapter),
      SettingRule(names: ["kafka.bootstrap.servers", "insecure.kafka"], check: plainKafka),
    ] + distinctTopics

  private static func ordered(
    _ lesser: String, _ left: any KeyPath<WorkerSettings, Milliseconds> & Sendable, _ greater: String,
    _ right: any KeyPath<WorkerSettings, Milliseconds> & Sendable
  ) -> SettingRule {
    SettingRule(names: [lesser, greater]) { settings in
      let (small, large) = (settings[keyPath: left], settings[keyPath: right])
      guard small > large else { return nil }
      return SettingFault(
        "does not fit: \(lesser) is \(small) and \(greater) is \(large)", hint: "\(lesser) at most \(greater)")
    }
  }

  /// Kafka itself holds names apart only if they still differ with dots as underscores.
  private static var distinctTopics: [SettingRule] {
    TopicRole.allCases.enumerated().flatMap { index, first in
      TopicRole.allCases.dropFirst(index + 1).map { second in
        SettingRule(names: ["topics.\(second.rawValue)", "topics.\(first.rawValue)"]) { settings in
          let names = [first, second].map { role in
            settings.topics[role].map { $0 == "." ? "_" : String($0) }.joined()
          }
          guard names[0] == names[1] else { return nil }
          return SettingFault(
            "is the same topic as topics.\(first.rawValue)",
            hint: "four names that differ in more than dots and underscores")
        }
      }
    }
  }

  private static func plainAdapter(_ settings: WorkerSettings) -> SettingFault? {
    let url = settings.adapter.url
    guard !url.isSecure, !url.isLoopback, !settings.insecure.adapter else { return nil }
    return SettingFault(
      "would send the credential in plain text to another machine",
      hint: "an https address, or insecure.adapter=true where the network itself is trusted")
  }

  private static func plainKafka(_ settings: WorkerSettings) -> SettingFault? {
    guard !settings.insecure.kafka else { return nil }
    func property(_ name: String) -> String? {
      settings.kafka.properties.first { $0.name == name }?.reveal().lowercased()
    }
    let common = property("security.protocol") ?? "plaintext"
    let servers = KafkaServer.list(settings.kafka.bootstrapServers) ?? []
    for server in servers where !Loopback.contains(server.host) {
      let used = server.securityProtocol ?? common
      if used != "ssl" && used != "sasl_ssl" {
        return SettingFault(
          "would use \(used.uppercased()) with another machine: tokens in plain text",
          hint: "kafka.security.protocol=SSL or SASL_SSL, or insecure.kafka=true where the network itself is trusted")
      }
      if property("enable.ssl.certificate.verification") == "false"
        || property("ssl.endpoint.identification.algorithm") == "none"
      {
        return SettingFault(
          "would use TLS with another machine without checking who it is",
          hint: "kafka.ssl.ca.location for a CA of your own, or insecure.kafka=true where the network itself is trusted"
        )
      }
    }
    return nil
  }
}
