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
    let (answer, isFinal) = answer(record)
    process.later(latency()) { [self] in
      open[process.number]?[call.id] = nil
      world.truth.noteAnswer(record, isFinal: isFinal)
      process.reach(.answered) { process.post(.event(.answered(call: call.id, answer))) }
    }
  }

  /// The process is dead: what it asked for goes on, but nobody waits for it.
  func forget(_ process: Process) { open[process.number] = nil }

  /// Calls of a process that are under way.
  func calls(of process: Process) -> [UInt64] { (open[process.number] ?? [:]).keys.sorted() }

  func isBusy(_ process: Process) -> Bool { open[process.number]?.isEmpty == false }

  private func latency() -> Milliseconds {
    if world.chance(world.plan.rates.adapterSlowness) { return world.milliseconds(500...15_000) }
    return world.milliseconds(5...300)
  }

  private func answer(_ record: CallRecord) -> (answer: AdapterAnswer, isFinal: Bool) {
    if !world.isCalm, world.agenda.now < world.adapterDownUntil {
      return (world.random.chance(500) ? .unsent(reason: "refused") : Self.status(503), false)
    }
    if !world.isCalm, world.agenda.now < world.credentialRefusedUntil { return (Self.status(401), false) }
    if world.chance(world.plan.rates.adapterFault) {
      switch Int.random(in: 0..<5, using: &world.random) {
      case 0: return (.unsent(reason: "no route"), false)
      case 1: return (.lost(reason: "reset"), false)
      case 2: return (Self.status(403), false)
      case 3: return (.response(status: 200, body: Secret(Array("?".utf8)), retryAfter: nil), false)
      default: return (.response(status: 429, body: Secret([]), retryAfter: .delay(700)), false)
      }
    }
    if world.chance(world.plan.rates.rejection) {
      return (.response(status: 200, body: Secret(Array(#"{"s":"error","errmsg":"no"}"#.utf8)), retryAfter: nil), true)
    }
    return (
      .response(status: 200, body: Secret(Array(#"{"s":"ok","d":"t\#(callCount)"}"#.utf8)), retryAfter: nil), true
    )
  }

  private static func status(_ status: Int) -> AdapterAnswer {
    .response(status: status, body: Secret(Array("no".utf8)), retryAfter: nil)
  }
}
