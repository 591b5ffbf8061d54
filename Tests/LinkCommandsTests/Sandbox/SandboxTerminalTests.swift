import LinkTestSupport
import Testing

@Suite("linkworker sandbox on a terminal", .timeLimit(.minutes(10)))
struct SandboxTerminalTests {
  @Test(
    "draws each request's way in place, follows a new size, and leaves the terminal as it was; NO_COLOR and dumb ones are heeded"
  )
  func view() throws {
    let scratch = try Scratch()
    // They wait most of their time, and do it beside the rest.
    let runs = [
      try Typescript("TERM=dumb"), try Typescript("TERM=xterm NO_COLOR=1"), try Typescript("TERM=xterm"),
    ]
    try watch(scratch)
    let bytes = try runs.map { try $0.end() }
    #expect(bytes[0].contains("received by the worker") && bytes[0].contains("All 8 samples ended as expected."))
    #expect(!bytes[0].contains("\u{1B}"))
    #expect(bytes[1].contains("\u{1B}[J") && bytes[1].contains("✓ success"))
    #expect(!bytes[1].contains(/\u{1B}\[[0-9;]*m/))
    #expect(bytes[2].contains("\u{1B}[32m✓ \u{1B}[0m"))
    for text in bytes[1...] {
      #expect(text.ranges(of: "\u{1B}[?25l").count == text.ranges(of: "\u{1B}[?25h").count)
    }
  }

  private func watch(_ scratch: Scratch) throws {
    let program = try RunningProgram.linkworker
    let command = """
      export TMPDIR=\(scratch.path) LC_ALL=C.UTF-8
      \(program) sandbox --latency-ms 20 -X retry.initial.ms=100
      echo "ended with $?"; stty -a | grep -ow -- '-*echo'; read line
      """
    let terminal = try TmuxTerminal(command, width: 100, height: 30)
    try terminal.await("the worker joins its group")
    #expect(try terminal.value("cursor_flag") == "1")
    try terminal.await("✓ success    42/order-1")
    let during = try terminal.lines()
    let title = try #require(during.firstIndex { $0.hasPrefix("linkworker sandbox  Ctrl-C ends  broker 127.0.0.1:") })
    #expect(during[title].contains("(in memory)  adapter http://127.0.0.1:"))
    #expect(during.filter { $0.hasPrefix("linkworker sandbox  Ctrl-C ends  broker") }.count == 1)
    // Keys that are pressed meanwhile do not scatter it.
    try terminal.press("x", "Enter", "Enter")
    try terminal.await("All 8 samples ended as expected.")
    try terminal.await("nothing is on its way")
    let history = try terminal.lines(history: true)
    for row in ["✓ recovers   user 43", "✗ rejected   user 44", "✓ moved      user 46", "· duplicate  42/order-1"] {
      #expect(history.filter { $0.hasPrefix(row) }.count == 1, "\(row)")
    }
    #expect(history.filter { $0.hasPrefix("links ") }.count == 1)

    try terminal.resize(width: 60, height: 20)
    try terminal.await("…")
    try awaiting("The view at its new size") {
      let lines = try terminal.lines().filter { !$0.isEmpty }.suffix(3)
      return lines.first?.hasPrefix("linkworker sandbox  Ctrl-C ends  broker") == true
        && lines.allSatisfy { $0.count <= 60 }
        && lines.last?.hasPrefix("links 4  calls 6  tokens 3") == true
    }
    #expect(try terminal.lines(history: true).filter { $0.hasPrefix("links ") }.count == 1)

    try terminal.press("C-c")
    try terminal.await("ended with 0")
    let end = try terminal.lines(history: true).filter { !$0.isEmpty }
    #expect(end.suffix(3) == ["All 8 samples ended as expected.", "ended with 0", "echo"])
    #expect(end.contains("Summary"))
    #expect(!end.contains { $0.hasPrefix("links 4  calls") }, "The view has gone")
    #expect(try terminal.value("cursor_flag") == "1" && terminal.value("alternate_on") == "0")
    #expect(try terminal.value("cursor_x") == "0")
  }
}

/// A run of `sandbox --once` on a terminal that keeps every byte.
private struct Typescript {
  private let scratch: Scratch
  private let run: RunningProgram

  init(_ environment: String) throws {
    scratch = try Scratch()
    let program = try RunningProgram.linkworker
    let command =
      "stty cols 100 rows 30; \(environment) \(program) sandbox --once --latency-ms 0 -X retry.initial.ms=50"
    run = try RunningProgram(
      ["script", "-qec", command, scratch["typescript"]],
      environment: ["TMPDIR": scratch.path, "SHELL": "/bin/sh", "LC_ALL": "C.UTF-8"])
  }

  /// What it wrote.
  func end() throws -> String {
    #expect(try run.end().code == 0)
    return String(decoding: Scratch.bytes(of: scratch["typescript"]), as: UTF8.self)
  }
}
