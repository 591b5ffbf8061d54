import LinkSandbox
import LinkTestSupport
import Testing

extension Chaos {
  /// Row 22: the calendar jumps. The simulation lets it jump as well, in workers that crash and come back.
  @Suite struct ClockTests {
    @Test(
      "The calendar jumps by 30 days to and fro while calls and retries are under way: no second outcome and no storm of calls",
      .enabled(if: FakeClock.isAvailable, "libfaketime is not there"))
    func jumps() throws {
      let clock = try FakeClock()
      let load = try Load(adapter: { $0.ruleForAll = EmulatorRule(failure: .status(503), failFirst: 2) })
      let worker = try load.startWorker(environment: clock.environment)
      for days in [30, -30, 0, -30, 30, 0] {
        try load.ask(100)
        try load.deployment.awaitOutcomes(load.requests.count - 60, worker: worker)
        try clock.set(days: days)
      }
      try load.askAgain()
      // Exactly three calls a link: two that failed, and the one whose token was published.
      try load.prove(worker: worker)
      for user in load.emulator.users() { #expect(user.calls == 3, "user \(user.userId)") }
      let failed = worker.log("transaction.failed") + worker.log("lanes.revoked")
      #expect(failed.isEmpty, "\(failed.map(\.event))")
      try worker.awaitReady(true)
      #expect(try worker.stop().code == 0)
    }

    @Test(
      "A worker whose calendar is 30 days off takes over what waits, settles it once, and hands it back",
      .enabled(if: FakeClock.isAvailable, "libfaketime is not there"), arguments: [30, -30])
    func lives(_ days: Int) throws {
      let clock = try FakeClock()
      let load = try Load(
        settings: ["retry.initial.ms": "1000", "retry.max.ms": "1000"],
        adapter: { $0.ruleForAll = EmulatorRule(failure: .status(503), failFirst: 1) })
      let first = try load.startWorker(environment: clock.environment)
      try load.ask(60)
      try first.awaitLines(20, of: "link.scheduled")
      first.kill()
      try clock.set(days: days)
      let second = try load.startWorker(environment: clock.environment)
      try load.ask(60)
      // What was scheduled in the other time is due a month from now where the calendar went back: its deadline, of that calendar, holds too.
      try load.deployment.awaitOutcomes(days > 0 ? 120 : 60, worker: second)
      second.kill()
      try clock.set(days: 0)
      let third = try load.startWorker(environment: clock.environment)
      try load.askAgain()
      try load.prove(extraCalls: 2, worker: third)
      #expect(try third.stop().code == 0)
    }
  }
}
