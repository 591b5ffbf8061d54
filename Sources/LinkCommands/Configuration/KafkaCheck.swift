import LinkCore
import LinkCrypto
import LinkKafka

/// Tries Kafka: that it answers and lets the worker in, the topics, and each permission. Nothing is made, written, joined or committed.
struct KafkaCheck {
  let settings: WorkerSettings
  let properties: KafkaProperties
  let admin: KafkaAdmin
  let principal: KafkaPrincipal

  /// What is known of a topic.
  enum Sight {
    /// It is there, with its settings, or why those are not told.
    case exists(TopicDescription, settings: KafkaFailure?)
    /// There is none of this name.
    case missing
    /// Nothing is told of it.
    case hidden(KafkaFailure)
  }

  /// Throws what librdkafka does not take of the settings.
  init(_ settings: WorkerSettings) throws(CommandFailure) {
    self.settings = settings
    properties = try KafkaProperties(checking: settings.kafka)
    principal = KafkaPrincipal(settings.kafka)
    do throws(KafkaFailure) { admin = try KafkaAdmin(properties: properties) } catch { throw CommandFailure(error) }
  }

  /// All of it, each result as soon as it is there.
  func run(_ tell: (CheckResult) -> Void) {
    if let certificate = principal.certificate {
      tell(CertificateCheck.result(certificate, "kafka", "the client certificate (\(certificate.subject))"))
    }
    do throws(KafkaFailure) {
      let cluster = try admin.cluster()
      let remark = principal.remark.isEmpty ? "" : " (\(principal.remark))"
      tell(
        .ok(
          "kafka",
          "\(cluster.broker) answers and lets the worker in (brokers: \(cluster.brokers), cluster id: \(cluster.id)); its principal is "
            + "\(principal.name)\(remark); librdkafka \(KafkaProperties.libraryVersion)"))
    } catch {
      for result in CheckResult.problems("kafka", CommandFailure(error)) { tell(result) }
      tell(.untried("topic", "the four topics, for want of Kafka"))
      tell(.untried("permission", "what the worker may do there, for want of Kafka"))
      return
    }
    var sights: [TopicRole: Sight] = [:]
    var silence: KafkaFailure?
    for role in TopicRole.allCases { sights[role] = look(at: settings.topics[role], &silence) }
    checkTopics(sights, tell)
    checkPermissions(sights, tell)
    tell(
      .untried(
        "permission",
        "whether the brokers allow transactions of 10 s (transaction.max.timeout.ms; 15 minutes unless set otherwise): that shows at the start"
      ))
  }

  /// Whoever has not told the settings of one topic for another reason than a permission is not asked, and waited for, again.
  private func look(at topic: String, _ silence: inout KafkaFailure?) -> Sight {
    var description: TopicDescription
    do throws(KafkaFailure) {
      guard let found = try admin.metadata(of: [topic])[topic] else { return .missing }
      description = found
    } catch {
      return .hidden(error)
    }
    if let silence { return .exists(description, settings: silence) }
    do throws(KafkaFailure) {
      description.settings = try admin.describe(topics: [topic])[topic] ?? [:]
      return .exists(description, settings: nil)
    } catch {
      if error.exitCode != .noPermission { silence = error }
      return .exists(description, settings: error)
    }
  }

  // MARK: - Topics

  private func checkTopics(_ sights: [TopicRole: Sight], _ tell: (CheckResult) -> Void) {
    for role in TopicRole.allCases {
      let name = settings.topics[role]
      switch sights[role] {
      case .exists(let topic, settings: _):
        tell(
          .ok(
            "topic", "\(name) as \(role.rawValue) (partitions: \(topic.partitions), replication: \(topic.replication))")
        )
      case .hidden(let failure) where failure.exitCode == .noPermission:
        tell(.untried("topic", "\(name) as \(role.rawValue): Kafka tells nothing of it without a permission"))
      case .hidden(let failure):
        for result in CheckResult.problems("topic", CommandFailure(failure)) { tell(result) }
      // Said below
      case .missing, nil: break
      }
    }
    for finding in findings(sights) {
      let parts = finding.text.split(separator: ". Try: ", maxSplits: 1).map(String.init)
      let hint = parts.count > 1 ? parts[1] : ""
      let says = parts.first ?? finding.text
      let text = says.hasPrefix("topic ") ? String(says.dropFirst(6)) : says
      tell(finding.forbidsRunning ? .problem("topic", text, hint: hint, .config) : .note("topic", text, hint: hint))
    }
  }

  /// What is wrong with those of which all is known: of the others nobody can say that a setting is missing.
  private func findings(_ sights: [TopicRole: Sight]) -> [TopicFinding] {
    var (names, found): ([TopicRole: String], [TopicRole: TopicDescription]) = ([:], [:])
    for (role, sight) in sights {
      switch sight {
      case .exists(let topic, settings: nil): (names[role], found[role]) = (settings.topics[role], topic)
      case .missing: names[role] = settings.topics[role]
      case .exists, .hidden: continue
      }
    }
    return TopicPlan.check(names: names, found: found)
  }
}
