import Testing

@testable import LinkCommands

@Suite("The progress meter")
struct ProgressMeterTests {
  @Test("Where the whole is known it shows a bar, the rate of the last seconds, and what is left")
  func known() {
    var meter = ProgressMeter(title: "submit", unit: "requests", began: 0)
    for second in 0...40 as ClosedRange<Int64> {
      meter.take(count: Int(second) * 1_000, fraction: Double(second) / 100, at: second * 1000)
    }
    #expect(
      meter.line(width: 80) == "submit  40% [============>                 ] 40 000 requests, 1 000/s, 1:00 left")
    #expect(meter.line(width: 80).count <= 80)
  }

  @Test("The rate and what is left follow a change of speed within seconds")
  func changes() {
    var meter = ProgressMeter(title: "submit", unit: "requests", began: 0)
    for second in 0...50 as ClosedRange<Int64> {
      meter.take(count: Int(second) * 10, fraction: Double(second) / 1000, at: second * 1000)
    }
    for second in 51...60 as ClosedRange<Int64> {
      meter.take(count: 500 + Int(second - 50) * 95, fraction: Double(second - 50) * 0.095, at: second * 1000)
    }
    #expect(meter.line(width: 100).hasSuffix("1 450 requests, 95/s, 0:00 left"))
  }

  @Test("Where nobody knows the whole it shows the count, the rate and the time that has passed")
  func unknown() {
    var meter = ProgressMeter(title: "submit", unit: "requests", began: 1_000)
    meter.take(count: 0, fraction: nil, at: 1_000)
    meter.take(count: 1_234_567, fraction: nil, at: 3_000)
    #expect(meter.line(width: 80) == "submit  1 234 567 requests, 617 283/s, 0:02")
  }

  @Test("Another count that begins at nothing has a rate of its own")
  func again() {
    var meter = ProgressMeter(title: "replay", unit: "records", began: 0)
    meter.take(count: 0, fraction: 0, at: 0)
    meter.take(count: 9_000, fraction: 1, at: 1_000)
    meter.take(count: 100, fraction: 0.1, at: 2_000)
    #expect(meter.line(width: 60).hasSuffix("100 records, 0:02"))
    meter.take(count: 600, fraction: 0.6, at: 3_000)
    #expect(meter.line(width: 60).hasSuffix("600 records, 500/s, 0:00 left"))
  }

  @Test("On a narrow terminal it stays in one line")
  func narrow() {
    var meter = ProgressMeter(title: "submit", unit: "requests", began: 0)
    meter.take(count: 10, fraction: 0.5, at: 0)
    meter.take(count: 20, fraction: 2, at: 1_000)
    #expect((1...60).allSatisfy { meter.line(width: $0).count <= $0 })
  }

  @Test("Clock times and counts read as people write them")
  func words() {
    #expect([0, 59_999, 60_000, 10_807_000].map(ProgressMeter.clock) == ["0:00", "0:59", "1:00", "3:00:07"])
    #expect([0, 999, 1_000, 1_234_567].map(ProgressMeter.grouped) == ["0", "999", "1 000", "1 234 567"])
  }
}
