import Testing

@Suite("linkworker replay")
struct ReplayCommandTests {
  @Test(
    "A command line that says too little, or two things at once, ends with 64 and what to type",
    arguments: [
      (["1/k"], "--reason: is missing"),
      (["--reason", "r", "--user", "1", "1/k"], "--user: chooses links, and \"1/k\" names one"),
      (["--reason", "r", "1"], "is no link"),
      (["--reason", "r", "--job", "a/b"], "--job: \"a/b\" is not 1 to 100 letters"),
      (["--reason", "r", "--deadline", "tomorrow"], "--deadline: \"tomorrow\" is neither a moment"),
      (["--reason", "r", "--deadline", "2020-01-01T00:00:00Z"], "--deadline: has passed"),
      (["--reason", "r", "--deadline", "0s"], "--deadline: \"0s\" has to be longer than nothing"),
      (["--reason", "r", "--deadline", "0h0m"], "--deadline: \"0h0m\" has to be longer than nothing"),
      (["--reason", "r", "--state", "scheduled"], "--state: \"scheduled\" links are tried again in any case"),
      (
        ["--reason", "r", "--state", "failed", "--state", "succeeded", "--broker", "b"],
        "--state: \"succeeded\" links have their tokens: those that have failed can be replayed, and no others"
      ),
      (["--reason", "r", "--state", "fialed"], "--state: \"fialed\" is none of those there are"),
      (["--reason", "r", "--state", "failed", "1/k"], "--state: chooses links, and \"1/k\" names one"),
      (["--reason", "r", "--timeout", "5"], "is how long --watch waits"),
      (["--reason", "r", "--rate", "0"], "is not a whole number from 1"),
      (["--reason", ""], "--reason: "),
      (["--reason", "r", "--operator", String(repeating: "x", count: 256)], "--operator: "),
    ])
  func usage(_ words: [String], _ fault: String) throws {
    let running = try Program.Running(
      ["replay", "-X", "kafka.bootstrap.servers=127.0.0.1:1", "-X", "kafka.group.id=g"] + words)
    let outcome = running.end()
    #expect(outcome.code == 64 && outcome.errors.contains(fault), "\(outcome.errors)")
  }
}
