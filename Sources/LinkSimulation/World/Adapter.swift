import LinkCore

/// The TradingView adapter: answers of all classes, late, or never.
final class Adapter {
  private unowned let world: World
  /// Calls under way, by process and call.
  private var open: [Int: [UInt64: Int64]] = [:]
  private(set) var callCount = 0

  init(world: World) { self.world = world }

  func call(_ call: AdapterCall, _ process: Process) {
    callCount += 1
    guard let record = world.truth.noteCall(call, process) else { return }
    let user = record.key.userId
    if open[process.number]?.values.contains(user) == true {
      world.truth.violate("I3: worker \(process.slot.index) has two calls of user \(user) at once")
    }
    open[process.number, default: [:]][call.id] = user
    world.tell("worker \(process.slot.index): call \(call.id) for \(record.key)")
    process.changes.called(call, process)
    record.isStubborn = world.isStubborn(user)
    let (answer, verdict) = record.isStubborn ? nothing() : answer()
    process.later(record.isStubborn ? stubbornTime() : latency()) { [self] in
      open[process.number]?[call.id] = nil
      record.verdict = verdict
      process.reach(.answered) { process.post(.event(.answered(call: call.id, answer))) }
    }
  }

  /// The process is dead: what it asked for goes on, but nobody waits for it.
  func forget(_ process: Process) { open[process.number] = nil }

  /// Calls of a process that are under way.
  func calls(of process: Process) -> [UInt64] { (open[process.number] ?? [:]).keys.sorted() }

  func isBusy(_ process: Process) -> Bool { open[process.number]?.isEmpty == false }

  private func stubbornTime() -> Milliseconds {
    world.faultCounts[.stubborn, default: 0] += 1
    return world.plan.stubbornness.map { world.milliseconds($0.callTime) } ?? 0
  }

  /// What a stubborn user's call gets.
  private func nothing() -> (AdapterAnswer, Attempt.Verdict) {
    switch world.plan.stubbornness?.manner {
    case .hangs: (.lost(reason: "timed out"), .ambiguous)
    case .fails, nil: (Self.status(503), .transient)
    }
  }

  private func latency() -> Milliseconds {
    if world.chance(world.plan.rates.adapterSlowness) { return world.milliseconds(500...15_000) }
    return world.milliseconds(5...300)
  }

  /// An answer, and what it really is.
  private func answer() -> (AdapterAnswer, Attempt.Verdict) {
    if !world.isCalm, world.agenda.now < world.adapterDownUntil {
      return world.random.chance(500) ? (.unsent(reason: "refused"), .unsent) : (Self.status(503), .transient)
    }
    if !world.isCalm, world.agenda.now < world.credentialRefusedUntil { return (Self.status(401), .credential) }
    if world.chance(world.plan.rates.adapterFault) {
      switch Int.random(in: 0..<5, using: &world.random) {
      case 0: return (.unsent(reason: "no route"), .unsent)
      case 1: return (.lost(reason: "reset"), .ambiguous)
      case 2: return (Self.status(403), .forbidden)
      case 3: return (Self.body("?"), .ambiguous)
      default: return (.response(status: 429, body: Secret([]), retryAfter: .delay(700)), .transient)
      }
    }
    if world.chance(world.plan.rates.rejection) { return (Self.body(#"{"s":"error","errmsg":"no"}"#), .rejected) }
    return (Self.body(#"{"s":"ok","d":"t\#(callCount)"}"#), .succeeded)
  }

  private static func body(_ text: String) -> AdapterAnswer {
    .response(status: 200, body: Secret(Array(text.utf8)), retryAfter: nil)
  }

  private static func status(_ status: Int) -> AdapterAnswer {
    .response(status: status, body: Secret(Array("no".utf8)), retryAfter: nil)
  }
}
