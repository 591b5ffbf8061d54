import LinkTestSupport
import Testing

@testable import LinkCommands

@Suite("The built program")
struct ProgramTests {
  @Test("helps on standard output and ends with 0", arguments: [["--help"], ["-h"], ["help"]])
  func help(arguments: [String]) throws {
    let outcome = try Program.Running(arguments).end()
    #expect(outcome.code == 0)
    #expect(outcome.errors.isEmpty)
    for command in LinkCommandLine.commands { #expect(outcome.output.contains("  \(command.name) ")) }
  }

  @Test("helps on one command", arguments: [["help", "run"], ["run", "--help"], ["run", "-X", "a=b", "-h"]])
  func commandHelp(arguments: [String]) throws {
    let outcome = try Program.Running(arguments).end()
    #expect(outcome.code == 0)
    #expect(outcome.output.hasPrefix("usage: linkworker run [OPTION…]\n"))
    #expect(outcome.output.contains("adapter.concurrency (default 64)"))
  }

  @Test("helps on a family of commands", arguments: [["help", "topics"], ["topics", "--help"]])
  func familyHelp(arguments: [String]) throws {
    let outcome = try Program.Running(arguments).end()
    #expect(outcome.code == 0)
    #expect(outcome.output.contains("usage: linkworker topics create"))
    #expect(outcome.output.contains("usage: linkworker topics check"))
  }

  @Test("refuses an argument that is not UTF-8, whatever the command, and does not repeat it")
  func bytes() throws {
    for command in ["submit --user 1 --all-accounts --broker", "help", "config check -X"] {
      let line = "exec '\(try RunningProgram.linkworker)' \(command) \"$(printf 's3cret\\377')\""
      let outcome = try RunningProgram.run(["sh", "-c", line])
      #expect(outcome.code == 64 && outcome.errorText.contains("is not UTF-8"), "\(outcome.errorText)")
      #expect(outcome.output.isEmpty && !outcome.errorText.contains("s3cret"))
    }
  }

  @Test("tells its version")
  func version() throws {
    let outcome = try Program.run("--version")
    #expect(outcome.code == 0)
    #expect(outcome.output == "linkworker \(Version.current)\n")
  }

  @Test("prints the tables of settings and metrics", arguments: ["setting", "metric"])
  func tables(row: String) throws {
    let outcome = try Program.run("help", "\(row)s")
    #expect(outcome.code == 0)
    #expect(outcome.output.hasPrefix("| \(row) |"))
  }

  @Test(
    "ends with 64 and one line for a wrong command line",
    arguments: [
      [], ["rnu"], ["--verison"], ["topics"], ["topics", "creat"], ["run", "--confg", "x"], ["run", "extra"],
      ["help", "rnu"],
    ])
  func usage(arguments: [String]) throws {
    let outcome = try Program.Running(arguments).end()
    #expect(outcome.code == 64)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errorLines.count == 1)
    #expect(outcome.errors.hasPrefix("linkworker: command line: "))
    #expect(outcome.errors.contains(" Try: "))
  }

  @Test("ends with 78 for wrong settings, each on a line of its own")
  func config() throws {
    let outcome = try Program.run(
      "run", "-X", "kafka.bootstrap.servers=localhost:1", environment: ["LINKWORKER_LOG_LEVEL": "loud"])
    #expect(outcome.code == 78)
    #expect(outcome.errorLines.count == 3)
    #expect(outcome.errorLines.allSatisfy { $0.hasPrefix("linkworker: setting: ") && $0.contains(" Try: ") })
  }

  @Test("ends with 66 where the file of settings is missing")
  func noInput() throws {
    let outcome = try Program.run("run", "--config", "/nowhere/worker.properties")
    #expect(outcome.code == 66)
    #expect(outcome.errorLines.count == 1)
  }
}
