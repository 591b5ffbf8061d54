import LinkCore
import LinkKafka
import Testing

@Suite struct TopicPlanTests {
  private static let names = Dictionary(uniqueKeysWithValues: TopicRole.allCases.map { ($0, $0.rawValue) })

  /// Topics with which nothing is wrong.
  private static var good: [TopicRole: TopicDescription] {
    Dictionary(
      uniqueKeysWithValues: TopicPlan.all(names: names, partitions: 12, replication: 3).map {
        ($0.role, TopicDescription(partitions: $0.partitions, replication: 3, settings: $0.settings))
      })
  }

  @Test("Topics as planned leave nothing to say")
  func plansPass() { #expect(TopicPlan.check(names: Self.names, found: Self.good).isEmpty) }

  @Test("A missing topic, other partition counts and a state topic that is not compact alone forbid running")
  func forbids() {
    for change: (inout [TopicRole: TopicDescription]) -> Void in [
      { $0[.outcomes] = nil },
      { $0[.state]?.partitions = 4 },
      { $0[.requests]?.partitions = 24 },
      { $0[.state]?.settings["cleanup.policy"] = "compact,delete" },
      { $0[.state]?.settings["cleanup.policy"] = "delete" },
      { $0[.state]?.settings["cleanup.policy"] = nil },
    ] {
      var found = Self.good
      change(&found)
      let findings = TopicPlan.check(names: Self.names, found: found)
      #expect(findings.map(\.forbidsRunning) == [true])
      #expect(findings.allSatisfy { $0.text.contains("Try: ") })
    }
  }

  @Test("What weakens a promise is told, without forbidding to run")
  func advises() {
    for (role, setting, value) in [
      (TopicRole.state, "delete.retention.ms", "1000"), (.state, "max.message.bytes", "1000"),
      (.outcomes, "retention.ms", "-1"), (.outcomes, "cleanup.policy", "compact"),
      (.requests, "cleanup.policy", "compact"),
      (.requests, "message.timestamp.type", "LogAppendTime"), (.outcomes, "message.timestamp.type", "CreateTime"),
      (.deadLetters, "message.timestamp.type", "CreateTime"), (.deadLetters, "max.message.bytes", "1048588"),
      (.requests, "min.insync.replicas", "1"), (.state, "unclean.leader.election.enable", "true"),
    ] {
      var found = Self.good
      found[role]?.settings[setting] = value
      let findings = TopicPlan.check(names: Self.names, found: found)
      #expect(findings.map(\.forbidsRunning) == [false], "\(setting)")
      #expect(findings.allSatisfy { $0.text.contains(setting) })
    }
  }
}
