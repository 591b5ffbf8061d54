import LinkCore
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
        try worker.awaitLines(load.requests.count / 8, of: "link.scheduled")
        try clock.set(days: days)
      }
      try load.askAgain()
      // A set-back holds librdkafka's waits up, so that the group may take the lanes away, and a journaled token may have died meanwhile.
      try load.prove(extraCalls: 1, worker: worker)
      for user in load.emulator.users() { #expect(user.calls <= (user.userId % 4 == 0 ? 3 : 2), "user \(user.userId)") }
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
        try worker.awaitLines(5, of: "link.scheduled")
        last = worker
      }
      let worker = try #require(last)
      try load.askAgain()
      try load.prove(extraCalls: Int64(calendars.count - 1), worker: worker)
      #expect(try worker.stop().code == 0)
    }

    /// Each fourth user fails once: were it all of them, nothing would succeed, and the breaker would say when there is a call. The deadlines are
    /// longer than the jumps: a link that is over its own has to fail.
    private static func load() throws -> Load {
      let load = try Load(
        settings: ["retry.deadline.ms": "3888000000"],
        adapter: { configuration in
          for user in stride(from: Int64(4), through: 600, by: 4) {
            configuration.rules[user] = EmulatorRule(failure: .status(503), failFirst: 1)
          }
        })
      // A record has its writer's time: what was written a month ago, as it says, Kafka would delete after a week.
      try TestKafka.alter(load.deployment.topic(.outcomes), on: load.deployment.bootstrap, ["retention.ms": "-1"])
      return load
    }
  }
}
