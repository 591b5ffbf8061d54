import LinkCore
import LinkKafka
import LinkOps

/// What `topics` says: one line for each topic, then one for each finding.
struct TopicReport {
  var names: [TopicRole: String]
  var found: [TopicRole: TopicDescription]
  var made: Set<TopicRole>
  var findings: [TopicFinding]

  /// `created`, `exists` or `missing`.
  private func status(_ role: TopicRole) -> String {
    made.contains(role) ? "created" : found[role] == nil ? "missing" : "exists"
  }

  /// For people.
  var text: [String] {
    let topics = TopicRole.allCases.map { role in
      let size = found[role].map { " (partitions: \($0.partitions), replication: \($0.replication))" } ?? ""
      return "\(status(role)): \(names[role] ?? "") as \(role.rawValue)\(size)"
    }
    return topics + findings.map { ($0.forbidsRunning ? "differs, must be changed: " : "differs: ") + $0.text }
  }

  /// For programs: `{"topic":…}` and `{"finding":…}` objects.
  var json: [String] {
    let topics = TopicRole.allCases.map { role in
      var line =
        "{\"topic\":\(Self.quoted(names[role] ?? "")),\"role\":\"\(role.rawValue)\",\"status\":\"\(status(role))\""
      if let topic = found[role] {
        line += ",\"partitions\":\(topic.partitions),\"replication\":\(topic.replication)"
      }
      return line + "}"
    }
    return topics + findings.map { "{\"finding\":\(Self.quoted($0.text)),\"forbidsRunning\":\($0.forbidsRunning)}" }
  }

  private static func quoted(_ text: String) -> String { "\"\(LogText.escaped(text))\"" }
}
