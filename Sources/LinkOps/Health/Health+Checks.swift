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
  /// How long a transaction may be under way before the worker is taken to commit nothing, in milliseconds: thousands of times what one
  /// takes, and long before a frozen broker makes it fail.
  static let transactionLimit: Milliseconds = 15_000

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
      running(state), assigned(state), restored(state, now), unblocked(state), store(state), credential(state),
      breaker(state), commits(state, now),
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
    check.figures = ["partitions": .integer(state.restoring)]
    check.figures.append(figures.fields(at: now.uptime))
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

  private func store(_ state: State) -> HealthCheck {
    HealthCheck(name: "store", isPassed: state.storeFailure == nil, reason: state.storeFailure)
  }

  private func credential(_ state: State) -> HealthCheck {
    HealthCheck(
      name: "credential", isPassed: !state.isCredentialRefused,
      reason: state.isCredentialRefused
        ? "the adapter refuses the credential; put the right one into adapter.credential.file" : nil)
  }

  private func breaker(_ state: State) -> HealthCheck {
    // Half open with nothing to ask: the next link is the probe, and until it comes nobody knows better. With a probe under way, or links
    // that wait for one, the adapter is as down as it was.
    let isPassed =
      switch state.breaker {
      case .closed: true
      case .open: false
      case .halfOpen: state.calls == 0 && state.ready == 0
      }
    return HealthCheck(
      name: "breaker", isPassed: isPassed,
      reason: isPassed
        ? nil : "nothing that is asked of the adapter succeeds; see whether it is up and can be reached from here",
      figures: ["state": .string(state.breaker.rawValue)])
  }

  private func commits(_ state: State, _ now: Now) -> HealthCheck {
    // Nothing is committed either while the state topic has not told how the last one ended.
    let ages = [transactions.began.map { now.uptime - $0 }, state.unknownSince.map { now.wall - $0 }]
    let age = ages.compactMap { $0 }.max() ?? 0
    let isSlow = age > Self.transactionLimit
    var check = HealthCheck(name: "commits", isPassed: state.failures <= Self.failureLimit && !isSlow)
    if let last = state.lastCommit {
      check.figures.append("secondsSinceLast", .integer(max(now.wall - last, 0) / 1000))
    }
    check.figures.append("failedInARow", .integer(state.failures))
    if isSlow {
      check.reason =
        "a transaction has not come to its end for \(age / 1000) s; see whether the brokers are up and in sync"
    } else if !check.isPassed {
      check.reason = state.failure
    }
    return check
  }
}
