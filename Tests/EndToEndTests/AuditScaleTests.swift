import Foundation
import LinkTestSupport
import Testing

extension EndToEnd {
  @Suite struct AuditScaleTests {
    /// Requests of the test: 30 000, or what `AUDIT_REQUESTS` says.
    static let count = ProcessInfo.processInfo.environment["AUDIT_REQUESTS"].flatMap { Int($0) } ?? 30_000

    @Test("An audit keeps no values: its memory grows by less than 250 bytes a request")
    func memory() throws {
      let deployment = try Deployment(kafka: TestKafka.shared, adapterURL: "http://127.0.0.1:1")
      try deployment.writeEnded(Self.count)
      try deployment.resetOffsets(to: "latest")
      let began = uptime()
      let program = try deployment.start(["audit", "--json"])
      var peak = 0
      try awaiting("The audit's end", within: 600, state: { program.tail }) {
        peak = max(peak, try program.peakMemory())
        return !program.isRunning
      }
      let seconds = uptime() - began
      let report = try AuditReport(try program.end())
      #expect(report.isClean && report.total("links") == Int64(Self.count), "\(report)")
      print("audit of \(Self.count) requests: \(Int(seconds * 10)) tenths of a second, \(peak >> 10) KiB at most")
      // What the program, its clients and their queues take, and then 250 bytes each.
      #expect(peak < 100 << 20 + 250 * Self.count)
    }
  }
}

extension RunningProgram {
  /// The most resident memory that it has had, in bytes; 0 once it has ended.
  fileprivate func peakMemory() throws -> Int {
    let status = String(decoding: Scratch.bytes(of: "/proc/\(id)/status"), as: UTF8.self)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return (line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? 0) << 10
  }
}
