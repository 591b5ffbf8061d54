package import LinkCore

/// One of the things that `/readyz` looks at.
struct HealthCheck {
  /// Its name in the answer.
  var name: String
  /// Whether it is as it should be.
  var isPassed: Bool
  /// Why it is not, for a person.
  var reason: String?
  /// What else there is to tell.
  var figures: LogFields = [:]
}

extension Health {
  /// How long a thread may be at one thing, in milliseconds.
  package static let pulseLimit: Milliseconds = 60_000
  /// Transactions that may fail in a row: one or two pass by themselves.
  static let failureLimit = 2

  /// What has stood still for too long: only a new process helps. Empty where all is well; waiting for Kafka is no reason.
  package func faults(now: Now) -> [String] {
    [("the loop has not turned", loop), ("a commit has not ended", transactions)].compactMap { what, pulse in
      guard let began = pulse.began, now.uptime - began > Self.pulseLimit else { return nil }
      return "\(what) for \((now.uptime - began) / 1000) s"
    }
  }

  /// Whether the worker does its work.
  package func isReady(now: Now) -> Bool { checks(now: now).allSatisfy(\.isPassed) }

  /// Everything that has to hold before the worker does its work.
  func checks(now: Now) -> [HealthCheck] {
    let state = snapshot
    return [
      running(state), assigned(state), restored(state, now), unblocked(state), credential(state), breaker(state),
      commits(state, now),
    ]
  }

  private func running(_ state: State) -> HealthCheck {
    HealthCheck(
      name: "running", isPassed: !state.isStopping,
      reason: state.isStopping ? "a stop was asked for: nothing new is taken" : nil)
  }

  private func assigned(_ state: State) -> HealthCheck {
    guard let count = state.assigned else {
      return HealthCheck(
        name: "assigned", isPassed: false, reason: "the consumer group has given this worker no assignment yet")
    }
    return HealthCheck(name: "assigned", isPassed: true, figures: ["partitions": .integer(count)])
  }

  private func restored(_ state: State, _ now: Now) -> HealthCheck {
    var check = HealthCheck(name: "restored", isPassed: state.assigned != nil && state.restoring == 0)
    guard !check.isPassed else { return check }
    guard state.restoring > 0 else {
      check.reason = "nothing is assigned yet"
      return check
    }
    let figures = restore.figures
    check.reason = figures.problem ?? "the state of partitions is being read"
    check.figures = [
      "partitions": .integer(state.restoring), "records": .integer(figures.records),
      "remaining": .integer(figures.remaining),
    ]
    if let rate = figures.rate(at: now.uptime) {
      check.figures.append("recordsPerSecond", .integer(rate))
      check.figures.append("secondsLeft", .integer((figures.remaining + rate - 1) / rate))
    }
    return check
  }

  private func unblocked(_ state: State) -> HealthCheck {
    var check = HealthCheck(name: "unblocked", isPassed: state.blocked.isEmpty)
    guard !check.isPassed else { return check }
    check.reason = "partitions stand still until somebody acts"
    check.figures = [
      "partitions": .list(
        state.blocked.sorted { $0.key < $1.key }.map { .string("partition \($0.key): \($0.value)") })
    ]
    return check
  }

  private func credential(_ state: State) -> HealthCheck {
    HealthCheck(
      name: "credential", isPassed: !state.isCredentialRefused,
      reason: state.isCredentialRefused
        ? "the adapter refuses the credential; put the right one into adapter.credential.file" : nil)
  }

  private func breaker(_ state: State) -> HealthCheck {
    HealthCheck(
      name: "breaker", isPassed: state.breaker != .open,
      reason: state.breaker == .open
        ? "nothing that is asked of the adapter succeeds; see whether it is up and can be reached from here" : nil,
      figures: ["state": .string(state.breaker.rawValue)])
  }

  private func commits(_ state: State, _ now: Now) -> HealthCheck {
    var check = HealthCheck(name: "commits", isPassed: state.failures <= Self.failureLimit)
    if let last = state.lastCommit {
      check.figures.append("secondsSinceLast", .integer(max(now.wall - last, 0) / 1000))
    }
    check.figures.append("failedInARow", .integer(state.failures))
    if !check.isPassed { check.reason = state.failure }
    return check
  }
}
