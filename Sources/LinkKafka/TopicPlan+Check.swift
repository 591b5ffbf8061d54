public import LinkCore

extension TopicPlan {
  /// What is wrong with the topics as they are; those that forbid running come first.
  ///
  /// - Parameters:
  ///   - names: The topics' names; one without a name is not looked at.
  ///   - found: The topics that exist, with their settings.
  public static func check(names: [TopicRole: String], found: [TopicRole: TopicDescription]) -> [TopicFinding] {
    var findings = missing(names, found) + partitions(names, found) + state(names, found)
    findings += outcomes(names, found) + requests(names, found) + deadLetters(names, found)
    findings += durability(names, found)
    return findings.filter(\.forbidsRunning) + findings.filter { !$0.forbidsRunning }
  }

  private typealias Names = [TopicRole: String]
  private typealias Found = [TopicRole: TopicDescription]

  private static func missing(_ names: Names, _ found: Found) -> [TopicFinding] {
    TopicRole.allCases.filter { names[$0] != nil && found[$0] == nil }.map {
      TopicFinding(
        forbidsRunning: true,
        "topic \(name($0, names)) (\($0.rawValue)) does not exist. Try: linkworker topics create, or correct its name in the settings"
      )
    }
  }

  private static func partitions(_ names: Names, _ found: Found) -> [TopicFinding] {
    guard let requests = found[.requests]?.partitions, let state = found[.state]?.partitions, requests != state else {
      return []
    }
    let stateName = name(.state, names)
    let remedy =
      requests > state
      ? "requests were given partitions after the fact, which moves users to other partitions: settle all open links first, then "
        + "make \(stateName) anew with \(requests) partitions"
      : "make \(stateName) anew with \(requests) partitions, or correct its name in the settings"
    return [
      TopicFinding(
        forbidsRunning: true,
        "topic \(name(.requests, names)) has \(requests) partitions and \(stateName) \(state), but partition n of the one belongs to "
          + "partition n of the other. Try: \(remedy)")
    ]
  }

  private static func state(_ names: Names, _ found: Found) -> [TopicFinding] {
    guard let topic = found[.state] else { return [] }
    let name = name(.state, names)
    var findings: [TopicFinding] = []
    let policy = topic.settings["cleanup.policy"] ?? ""
    if policy != "compact" {
      findings.append(
        TopicFinding(
          forbidsRunning: true,
          "topic \(name) has cleanup.policy=\(policy): it must be compact alone, or the memory of links is deleted. "
            + "Try: kafka-configs.sh --alter --topic \(name) --add-config cleanup.policy=compact"))
    }
    if let kept = number("delete.retention.ms", topic), kept < 86_400_000 {
      findings.append(
        advice(
          name, "delete.retention.ms=\(kept)",
          "a store that was away for longer than this is rebuilt from the whole topic",
          "delete.retention.ms=\(week)"))
    }
    if let limit = number("max.message.bytes", topic), limit < 262_144 {
      findings.append(
        advice(
          name, "max.message.bytes=\(limit)", "the state of a link with a large request does not fit",
          "max.message.bytes=\(defaultMessageLimit)"))
    }
    return findings
  }

  private static func outcomes(_ names: Names, _ found: Found) -> [TopicFinding] {
    guard let topic = found[.outcomes] else { return [] }
    let name = name(.outcomes, names)
    var findings = compaction(
      topic, name, "outcomes are keyed by user: compaction removes all but the last of each user")
    if let kept = number("retention.ms", topic), kept < 0 || kept > week {
      findings.append(
        advice(name, "retention.ms=\(kept)", "outcomes hold tokens; seven days are enough", "retention.ms=\(week)"))
    }
    return findings + clock(topic, name)
  }

  /// Of topics that nothing but retention empties.
  private static func clock(_ topic: TopicDescription, _ name: String) -> [TopicFinding] {
    guard let type = topic.settings["message.timestamp.type"], type != appendTime else { return [] }
    return [
      advice(
        name, "message.timestamp.type=\(type)",
        "what a worker whose calendar is wrong by more than the retention publishes is deleted at once",
        "message.timestamp.type=\(appendTime)")
    ]
  }

  private static func requests(_ names: Names, _ found: Found) -> [TopicFinding] {
    guard let topic = found[.requests] else { return [] }
    let name = name(.requests, names)
    var findings = compaction(topic, name, "compaction removes requests of one user before they are served")
    if topic.settings["message.timestamp.type"] == "LogAppendTime" {
      findings.append(
        advice(
          name, "message.timestamp.type=LogAppendTime", "a request that is moved to its user's partition loses its age",
          "message.timestamp.type=CreateTime"))
    }
    return findings
  }

  private static func compaction(_ topic: TopicDescription, _ name: String, _ why: String) -> [TopicFinding] {
    guard isCompacted(topic) else { return [] }
    return [advice(name, "cleanup.policy=\(topic.settings["cleanup.policy"] ?? "")", why, "cleanup.policy=delete")]
  }

  private static func deadLetters(_ names: Names, _ found: Found) -> [TopicFinding] {
    guard let letters = found[.deadLetters], let requests = found[.requests] else { return [] }
    let name = name(.deadLetters, names)
    let needed = (number("max.message.bytes", requests) ?? defaultMessageLimit) + deadLetterMargin
    guard let limit = number("max.message.bytes", letters), limit < needed else { return clock(letters, name) }
    return [
      advice(
        name, "max.message.bytes=\(limit)", "the dead letter of a large request is cut", "max.message.bytes=\(needed)")
    ] + clock(letters, name)
  }

  private static func durability(_ names: Names, _ found: Found) -> [TopicFinding] {
    TopicRole.allCases.flatMap { role -> [TopicFinding] in
      guard let topic = found[role] else { return [] }
      let name = name(role, names)
      var findings: [TopicFinding] = []
      if topic.replication < 3 {
        findings.append(
          TopicFinding(
            forbidsRunning: false,
            "topic \(name) is kept on \(topic.replication) broker(s): what is lost with them is lost. Try: three, for anything but a trial"
          ))
      } else if let copies = number("min.insync.replicas", topic), copies < 2 {
        findings.append(
          advice(
            name, "min.insync.replicas=\(copies)", "a record may count as written while one broker alone has it",
            "min.insync.replicas=2"))
      }
      if topic.settings["unclean.leader.election.enable"] == "true" {
        findings.append(
          advice(
            name, "unclean.leader.election.enable=true", "a broker that lags may take over and drop what was committed",
            "unclean.leader.election.enable=false"))
      }
      return findings
    }
  }

  private static func advice(_ name: String, _ setting: String, _ why: String, _ wanted: String) -> TopicFinding {
    TopicFinding(
      forbidsRunning: false,
      "topic \(name) has \(setting): \(why). Try: kafka-configs.sh --alter --topic \(name) --add-config \(wanted)")
  }

  private static func name(_ role: TopicRole, _ names: Names) -> String { names[role] ?? role.rawValue }

  private static func number(_ setting: String, _ topic: TopicDescription) -> Int? {
    topic.settings[setting].flatMap { Int($0) }
  }

  private static func isCompacted(_ topic: TopicDescription) -> Bool {
    topic.settings["cleanup.policy"]?.contains("compact") ?? false
  }
}
