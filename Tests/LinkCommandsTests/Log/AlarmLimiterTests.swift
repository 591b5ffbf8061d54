import LinkOps
import Testing

@Suite("Alarms that repeat themselves")
struct AlarmLimiterTests {
  @Test("get through once an interval by key, with the number of those held back")
  func interval() {
    let limiter = AlarmLimiter(interval: 100)
    #expect(limiter.admit("a", uptime: 0) == 0)
    #expect(limiter.admit("a", uptime: 1) == nil)
    #expect(limiter.admit("b", uptime: 1) == 0)
    #expect(limiter.admit("a", uptime: 99) == nil)
    #expect(limiter.admit("a", uptime: 100) == 2)
    #expect(limiter.admit("a", uptime: 199) == nil)
    #expect(limiter.admit("a", uptime: 200) == 1)
  }

  @Test("take no more memory than their limit of keys")
  func keys() {
    let limiter = AlarmLimiter(interval: 100, keyLimit: 2)
    #expect(limiter.admit("a", uptime: 0) == 0)
    #expect(limiter.admit("b", uptime: 1) == 0)
    #expect(limiter.admit("c", uptime: 2) == 0)
    #expect(limiter.admit("b", uptime: 3) == nil)
    #expect(limiter.admit("a", uptime: 4) == 0)
  }

  @Test("say in the log how many were held back")
  func log() throws {
    let reader = LogReader()
    let limiter = AlarmLimiter(interval: 0)
    let quiet = AlarmLimiter(interval: 1_000_000)
    for _ in 0..<3 { reader.log.alarm(.warning, "loud", key: "k", limiter: limiter, "message", ["n": 1]) }
    for _ in 0..<3 { reader.log.alarm(.warning, "quiet", key: "k", limiter: quiet, "message") }
    let lines = try reader.lines()
    #expect(lines.count { $0.contains("loud") } == 3)
    #expect(lines.count { $0.contains("quiet") } == 1)
  }
}
