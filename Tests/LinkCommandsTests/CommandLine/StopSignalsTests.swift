import Glibc
import LinkTestSupport
import Testing

@Suite("SIGTERM")
struct StopSignalsTests {
  // Where it was ignored until somebody listened, one in sixteen was lost on a busy machine.
  @Test("ends a command that has only just said that it is up")
  func early() throws {
    for _ in 0..<40 {
      let program = try RunningProgram([RunningProgram.linkworker, "adapter-emulator", "--port", "0"])
      let deadline = uptime() + 120
      // Without a pause: the first moment counts.
      while program.output.isEmpty, uptime() < deadline { sched_yield() }
      program.signal(SIGTERM)
      #expect(try program.end().code == 0)
    }
  }
}
