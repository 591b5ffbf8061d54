import LinkCore
import LinkKafka

extension KafkaCheck {
  /// Each permission that the worker needs, by itself.
  func checkPermissions(_ sights: [TopicRole: Sight], _ tell: (CheckResult) -> Void) {
    let needed = NeededPermission.all(settings)
    let trial: PermissionTrial
    do throws(KafkaFailure) {
      trial = try PermissionTrial(properties: properties, groupID: settings.kafka.groupId)
    } catch {
      for result in CheckResult.problems("permission", CommandFailure(error)) { tell(result) }
      return
    }
    func topics(_ operation: NeededPermission.Operation, where isFit: (Sight) -> Bool) -> [String] {
      needed.filter { permission in
        permission.operation == operation && permission.role.flatMap { sights[$0] }.map(isFit) == true
      }.map(\.name)
    }
    let writable = trial.write(topics: topics(.write) { $0.isTried && $0.isOfKafka })
    let readable = trial.read(topics: topics(.read) { $0.isTried })
    for permission in needed {
      guard let role = permission.role, let sight = sights[role] else {
        tell(result(permission, own(permission, trial)))
        continue
      }
      switch (sight, permission.operation) {
      case (.missing, _): tell(.untried("permission", "\(permission.subject): there is no such topic"))
      case (.hidden(let failure), .read), (.hidden(let failure), .write):
        tell(result(permission, failure.exitCode == .noPermission ? .refused : .unknown(failure)))
      case (.hidden, .describeConfigs): tell(result(permission, configs(of: permission.name)))
      case (.exists(_, settings: let failure), .describeConfigs): tell(result(permission, verdict(failure)))
      case (.exists, .read): tell(result(permission, readable[permission.name]))
      case (.exists, .write):
        guard sight.isOfKafka else {
          tell(.untried("permission", "\(permission.subject): what tells no topic's settings may be no Kafka"))
          continue
        }
        tell(result(permission, writable[permission.name]))
      }
    }
  }

  /// Of the group and of transactional ids.
  private func own(_ permission: NeededPermission, _ trial: PermissionTrial) -> PermissionTrial.Verdict {
    switch permission.resource {
    case .topic, .group: return trial.join(requestsTopic: settings.topics.requests)
    case .transactionalID:
      let verdict = trial.initialise(transactionalID: permission.name + "config-check")
      // A rule may also be for the one id that this worker has.
      guard verdict == .refused, let instance = settings.instanceId else { return verdict }
      return trial.initialise(transactionalID: permission.name + instance)
    }
  }

  private func configs(of topic: String) -> PermissionTrial.Verdict {
    do throws(KafkaFailure) {
      _ = try admin.describe(topics: [topic])
      return .allowed
    } catch {
      return verdict(error)
    }
  }

  private func verdict(_ failure: KafkaFailure?) -> PermissionTrial.Verdict {
    guard let failure else { return .allowed }
    return failure.name == "TOPIC_AUTHORIZATION_FAILED" ? .refused : .unknown(failure)
  }

  private func result(_ permission: NeededPermission, _ verdict: PermissionTrial.Verdict?) -> CheckResult {
    switch verdict {
    case .allowed: .ok("permission", permission.subject)
    case .refused:
      .problem(
        "permission", "\(permission.subject) is missing: it is needed \(permission.purpose)",
        hint: permission.rule(for: principal.name) + (principal.remark.isEmpty ? "" : " (\(principal.remark))"),
        .noPermission)
    case .unknown(let failure):
      .problem(
        "permission", "\(permission.subject) could not be found out: \(failure.detail) (\(failure.name))",
        hint: failure.hint ?? "", failure.exitCode)
    case nil: .untried("permission", permission.subject)
    }
  }
}

extension KafkaCheck.Sight {
  /// Whether what may be done with it can be tried.
  fileprivate var isTried: Bool { if case .exists = self { true } else { false } }

  /// Whether its settings were told, or refused for want of a permission: a broker that knows neither may know other rules for writing too.
  fileprivate var isOfKafka: Bool {
    switch self {
    case .exists(_, settings: nil): true
    case .exists(_, settings: let failure?): failure.name == "TOPIC_AUTHORIZATION_FAILED"
    case .missing, .hidden: false
    }
  }
}
