import Testing

@testable import LinkCore

@Suite("The limit of calls at once")
struct ConcurrencyLimitTests {
  @Test(
    "It begins low, is at adapter.concurrency within a second of a healthy adapter, and stays there",
    arguments: [5, 20])
  func healthy(latency: Milliseconds) {
    var model = AdapterModel(ceiling: 256)
    model.latency = { _, _ in latency }
    #expect(model.limit.limit == 4)
    model.pass(1000)
    #expect(model.limit.limit == 256)
    #expect(model.pass(20_000) == 256)
    #expect(model.peak == 256)
  }

  @Test("Answer times that vary tenfold are no sign of overload")
  func varying() {
    var model = AdapterModel(ceiling: 64)
    // Skewed: most are quick, and one of a hundred takes a second.
    model.latency = { _, random in
      random.chance(1)
        ? 1000 : Milliseconds.random(in: 20...Milliseconds.random(in: 21...200, using: &random), using: &random)
    }
    model.pass(10_000)
    #expect(model.pass(60_000) > 60)
  }

  @Test(
    "It finds what an adapter bears within a factor of two, by answer times alone",
    arguments: [(3, 200), (10, 150), (10, 500), (40, 200), (100, 150)])
  func queueing(capacity: Int, latency: Milliseconds) {
    var model = AdapterModel(ceiling: 256)
    model.capacity = capacity
    model.latency = { _, random in Milliseconds.random(in: latency * 3 / 4...latency * 5 / 4, using: &random) }
    model.pass(60_000)
    let mean = model.pass(120_000)
    #expect((Double(capacity) / 2...Double(capacity) * 2).contains(mean), "It is \(mean) in the mean.")
    let possible = Double(capacity) * 180_000 / Double(latency)
    #expect(Double(model.servedCount) > 0.85 * possible, "Few of the adapter's answers are left unused.")
  }

  @Test("It finds what an adapter bears that refuses the rest with 503", arguments: [5, 20, 100])
  func refusing(capacity: Int) {
    var model = AdapterModel(ceiling: 256)
    model.capacity = capacity
    model.refuses = true
    model.pass(30_000)
    let mean = model.pass(60_000)
    #expect((Double(capacity) / 2...Double(capacity) * 2).contains(mean), "It is \(mean) in the mean.")
  }

  @Test("One user's failures, and two users', are no sign, however many there are", arguments: [1, 2])
  func fewUsers(failing: Int64) {
    var model = AdapterModel(ceiling: 64)
    model.users = 4
    model.pass(5000)
    #expect(model.limit.limit == 64)
    model.fails = { $0 <= failing }
    #expect(model.pass(20_000) == 64)
    model.fails = { $0 <= 3 }
    #expect(model.pass(2000) < 64, "Three users' are one.")
  }

  @Test("Half of the users, whose calls always fail, take nothing from the others")
  func halfFail() {
    var model = AdapterModel(ceiling: 64)
    model.fails = { $0 % 2 == 0 }
    model.pass(10_000)
    let mean = model.pass(100_000)
    #expect(mean > 55, "It is \(mean) in the mean.")
  }

  @Test("Where half of the users begin to fail, the limit is back after a minute")
  func halfBeginToFail() {
    var model = AdapterModel(ceiling: 64)
    model.pass(60_000)
    model.fails = { $0 % 2 == 0 }
    model.pass(60_000)
    let mean = model.pass(100_000)
    #expect(mean > 55, "It is \(mean) in the mean.")
  }

  @Test("An adapter that is slower than it was, but not for the number of calls, gets them all again")
  func slower() {
    var model = AdapterModel(ceiling: 64)
    model.latency = { _, _ in 20 }
    model.pass(60_000)
    #expect(model.limit.limit == 64)
    model.latency = { _, _ in 400 }
    model.pass(90_000)
    #expect(model.limit.limit == 64)
  }

  @Test("Calls that hang hold no place for long: the others are made")
  func hanging() {
    var model = AdapterModel(ceiling: 64)
    model.latency = { user, _ in user % 10 == 0 ? 60_000 : 20 }
    model.pass(10_000)
    let before = model.servedCount
    model.pass(60_000)
    // 64 calls at once, of which the tenth that hangs takes 5 s: no limit could do better than the adapter's concurrency itself.
    let possible = 60_000 * 64 * 9 / (9 * 20 + 5000)
    #expect(model.servedCount - before > possible * 8 / 10)
    #expect(model.peak <= 64)
  }

  @Test("A share of failures that does not depend on the calls at once leaves it where it is")
  func faults() {
    var model = AdapterModel(ceiling: 64)
    var random = SeededRandom(seed: 3)
    model.fails = { _ in random.chance(5) }
    model.pass(10_000)
    #expect(model.pass(100_000) > 55)
  }

  @Test(
    "Whatever an adapter does, it is at least 1 and at most adapter.concurrency, and recovers",
    arguments: 1...8 as ClosedRange<UInt64>)
  func anything(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let ceiling = Int.random(in: 1...200, using: &random)
    var model = AdapterModel(ceiling: ceiling)
    for _ in 0..<8 {
      model.capacity = Int.random(in: 1...300, using: &random)
      model.refuses = random.chance(50)
      let most = Milliseconds.random(in: 2...2000, using: &random)
      model.latency = { _, random in Milliseconds.random(in: 1...most, using: &random) }
      let failing = Int64.random(in: 0...10, using: &random)
      model.fails = { $0 % 10 < failing }
      model.pass(Milliseconds.random(in: 1000...20_000, using: &random)) { model in
        #expect((1...ceiling).contains(model.limit.limit))
        #expect(model.openCount <= ceiling)
      }
    }
    model.capacity = .max
    model.refuses = false
    model.latency = { _, _ in 50 }
    model.fails = { _ in false }
    model.pass(120_000)
    #expect(model.limit.limit == ceiling)
  }

  @Test("After an outage it begins low again")
  func restart() {
    var model = AdapterModel(ceiling: 64)
    model.pass(5000)
    #expect(model.limit.limit == 64)
    model.limit.restart(uptime: model.uptime)
    #expect(model.limit.limit == 4)
  }
}

extension SeededRandom {
  /// True in so many of a hundred cases.
  fileprivate mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}
