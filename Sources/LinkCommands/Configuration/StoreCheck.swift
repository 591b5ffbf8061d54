import LinkStore

/// Looks at the store's directory, changing nothing.
struct StoreCheck {
  let settings: WorkerSettings

  /// Below this the disk is said to be small: a million links take some hundred megabytes.
  private static let roomWanted: UInt64 = 1 << 30

  func run(_ tell: (CheckResult) -> Void) {
    let path = settings.storeDirectory
    let survey = StoreSurvey(path: path)
    if let obstacle = survey.obstacle {
      for result in CheckResult.problems("store", CommandFailure(obstacle)) { tell(result) }
      return
    }
    guard survey.exists else {
      tell(.ok("store", "\(path) will be made by the worker\(room(survey))"))
      return tellRoom(survey, tell)
    }
    let instance = settings.instanceId ?? survey.instanceID ?? "one that the worker makes itself"
    tell(.ok("store", "\(path) can be written to\(room(survey)); the instance is \(instance)"))
    tellRoom(survey, tell)
    if survey.isHeld {
      tell(.ok("store", "\(path) is held by a worker that runs; another one would end with 78"))
    }
    guard let content = survey.content else { return }
    switch content {
    case .links(let links, let journaled, let binding):
      let answers = journaled == 0 ? "" : ", and answers that are not committed: \(journaled)"
      tell(.ok("store", "links that it knows: \(links)\(answers)"))
      guard let binding, let other = difference(binding) else { return }
      tell(
        .note(
          "store", "it is of \(other): the worker will set it aside and begin anew",
          hint: "a store.directory of its own, unless that is meant"))
    case .unfinished: tell(.ok("store", "its last worker did not end cleanly; the next one goes on from there"))
    case .unusable(let reason):
      tell(.note("store", "the worker will set it aside and begin anew: \(reason)", hint: "nothing, if that is meant"))
    }
  }

  private func difference(_ binding: StoreBinding) -> String? {
    if binding.group != settings.kafka.groupId { return "group \(binding.group)" }
    if binding.requestsTopic != settings.topics.requests { return "topic \(binding.requestsTopic)" }
    if binding.stateTopic != settings.topics.state { return "topic \(binding.stateTopic)" }
    return nil
  }

  private func room(_ survey: StoreSurvey) -> String {
    survey.freeBytes.map { ", free: \($0 >> 20) MiB" } ?? ""
  }

  private func tellRoom(_ survey: StoreSurvey, _ tell: (CheckResult) -> Void) {
    guard let free = survey.freeBytes, free < Self.roomWanted else { return }
    tell(.note("store", "the disk has only \(free >> 20) MiB free", hint: "1 GiB for a million links that wait"))
  }
}
