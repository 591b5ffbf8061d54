import Testing

@testable import LinkCore

@Suite("The ramp after an outage")
struct RecoveryRampTests {
  @Test(
    "In its first 10 s the rate is less than a third of what it was, and after 30 s nothing limits it",
    arguments: [32.0, 500, 10_000])
  func share(rate: Double) {
    let ramp = RecoveryRamp(began: 1000, rateBefore: rate)
    let mean = (0..<10_000 as Range<Int64>).reduce(0.0) { $0 + (ramp.perSecond(uptime: 1000 + $1) ?? 0) } / 10_000
    #expect(mean < rate / 3)
    #expect(ramp.perSecond(uptime: 11_000) == rate)
    #expect(ramp.perSecond(uptime: 30_999).map { $0 > 500 * rate } == true)
    #expect(ramp.perSecond(uptime: 31_000) == nil)
  }

  @Test("It never falls")
  func rises() {
    let ramp = RecoveryRamp(began: 0, rateBefore: 100)
    var last = 0.0
    for uptime in 0..<30_000 as Range<Int64> {
      let rate = ramp.perSecond(uptime: uptime) ?? 0
      #expect(rate >= last)
      last = rate
    }
  }

  @Test("Of an adapter of which nothing is known it begins with one call a second")
  func unknown() {
    #expect(RecoveryRamp(began: 0, rateBefore: 0).perSecond(uptime: 0) == 1)
  }

  @Test("The rate before is that of successes, and an outage does not count towards it")
  func usual() {
    var pace = CallPace()
    for uptime in 0..<60_000 as Range<Int64> where uptime % 10 == 0 { pace.noteSuccess(uptime: uptime) }
    pace.recover(uptime: 700_000)
    #expect(pace.perSecond(uptime: 700_000).map { abs($0 - 100.0 / 32) < 0.2 } == true)
    #expect(mayCall(&pace, at: 700_000))
    pace.noteCall(uptime: 700_000)
    #expect(!mayCall(&pace, at: 700_000))
    #expect((300...330).contains(pace.wait))
    #expect(mayCall(&pace, at: 740_000))
    #expect(pace.perSecond(uptime: 740_000) == nil)
  }

  @Test("A share of a rate is kept to the call, whatever it is", arguments: [0.25, 1, 7, 1000])
  func shared(rate: Double) {
    var pace = CallPace()
    pace.share(rate, uptime: 0)
    var count = 0
    for uptime in 1...20_000 as ClosedRange<Int64> {
      while pace.admits(uptime: uptime) {
        pace.noteCall(uptime: uptime)
        count += 1
      }
    }
    #expect(abs(Double(count) - 20 * rate) <= 1.001)
  }

  @Test("Of two rates the lower one holds")
  func lower() {
    var pace = CallPace()
    pace.share(2, uptime: 0)
    pace.recover(uptime: 0)
    #expect(pace.perSecond(uptime: 0) == 1)
    #expect(pace.perSecond(uptime: 10_000) == 2)
    #expect(pace.perSecond(uptime: 40_000) == 2)
  }
}

private func mayCall(_ pace: inout CallPace, at uptime: Milliseconds) -> Bool { pace.admits(uptime: uptime) }
