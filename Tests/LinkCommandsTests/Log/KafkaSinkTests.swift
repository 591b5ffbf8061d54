import LinkOps
import Testing

@testable import LinkCommands

@Suite("librdkafka's lines in the log")
struct KafkaSinkTests {
  @Test("come as warnings, once an interval for each facility, and escaped")
  func sink() throws {
    let reader = LogReader(level: .info)
    let sink = reader.log.kafkaSink()
    for _ in 0..<3 { sink(3, "FAIL", "broker\nis away") }
    sink(6, "GROUP", "joined")
    sink(7, "FETCH", "unseen")
    let lines = try reader.lines()
    #expect(lines.count == 2)
    #expect(
      lines.first?.contains(#""level":"warning","event":"kafka.client","message":"broker\nis away","facility":"FAIL""#)
        == true)
    #expect(lines.last?.contains(#""level":"info""#) == true)
  }
}
