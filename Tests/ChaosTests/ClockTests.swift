import LinkSandbox
import LinkTestSupport
import Testing

extension Chaos {
  /// Row 22: the calendar jumps. The simulation lets it jump as well, in workers that crash and come back.
  @Suite struct ClockTests {
    @Test(
      "The calendar jumps by 30 days to and fro while calls and retries are under way: no second outcome and no storm of calls",
      .enabled(if: FakeClock.isAvailable, "there is no C compiler"))
    func jumps() throws {
      let clock = try FakeClock()
      let load = try Self.load()
      let worker = try load.startWorker(environment: clock.environment)
      for days in [30, -30, 0, -30, 30, 0] {
        try load.ask(100)
        try worker.awaitLines(load.requests.count / 4, of: "link.scheduled")
        try clock.set(days: days)
      }
      try load.askAgain()
      // One call whose token was published, and of every other user two that failed before.
      try load.prove(worker: worker)
      for user in load.emulator.users() { #expect(user.calls == (user.userId % 2 == 0 ? 3 : 1), "user \(user.userId)") }
      let failed = worker.log("transaction.failed") + worker.log("lanes.revoked")
      #expect(failed.isEmpty, "\(failed.map(\.event))")
      try worker.awaitReady(true)
      #expect(try worker.stop().code == 0)
    }

    @Test(
      "Workers of calendars that are 30 days apart take over from one another, and every link ends once",
      .enabled(if: FakeClock.isAvailable, "there is no C compiler"), arguments: [[0, 30, 0], [0, -30]])
    func lives(_ calendars: [Int]) throws {
      let clock = try FakeClock()
      let load = try Self.load()
      var last: WorkerProcess?
      for days in calendars {
        last?.kill()
        try clock.set(days: days)
        let worker = try load.startWorker(environment: clock.environment)
        try load.ask(60)
        try worker.awaitLines(10, of: "link.scheduled")
        last = worker
      }
      let worker = try #require(last)
      try load.askAgain()
      try load.prove(extraCalls: Int64(calendars.count - 1), worker: worker)
      #expect(try worker.stop().code == 0)
    }

    /// Every other user fails twice: were it all of them, nothing would succeed, and the breaker would say when there is a call. The deadlines are
    /// longer than the jumps: a link that is over its own has to fail.
    private static func load() throws -> Load {
      try Load(
        settings: ["retry.deadline.ms": "3888000000"],
        adapter: { configuration in
          for user in stride(from: Int64(2), through: 600, by: 2) {
            configuration.rules[user] = EmulatorRule(failure: .status(503), failFirst: 2)
          }
        })
    }
  }
}
