import LinkCore
import Testing

@Suite("linkworker simulate")
struct SimulateCommandTests {
  @Test("plays a range of seeds and says what they came to")
  func seeds() throws {
    let outcome = try Program.run("simulate", "--seeds", "1..20")
    #expect(outcome.code == 0)
    #expect(outcome.output.hasPrefix("seeds: 20 in "))
    #expect(outcome.output.hasSuffix("no violation\n"))
    #expect(outcome.errors.isEmpty, "Progress is for terminals.")
  }

  @Test("says the same to programs, in one object")
  func json() throws {
    let outcome = try Program.run("simulate", "--seeds", "1..20", "--faults", "crash,pause", "--json")
    #expect(outcome.code == 0)
    let object = try JSONValue(parsing: Array(outcome.output.utf8))
    #expect(object["seeds"]?.integer == 20)
    #expect(object["failure"] == nil)
    let faults = try #require(object["faults"]).children.map(\.name)
    #expect(Set(faults).isSubset(of: ["crash", "pause"]) && !faults.isEmpty)
  }

  @Test("prints one history in full")
  func replay() throws {
    let outcome = try Program.run("simulate", "--replay", "7")
    #expect(outcome.code == 0)
    #expect(outcome.output.contains("is assigned ["))
    #expect(outcome.output.hasSuffix("seed 7: every promise held\n"))
    #expect(try Program.run("simulate", "--replay", "7").output == outcome.output)
  }

  @Test("ends with 1 where a promise is broken, and prints the history made small")
  func found() throws {
    let outcome = try Program.run("simulate", "--seeds", "1..500", "--mutant", "unknown-is-aborted")
    #expect(outcome.code == 1)
    #expect(outcome.output.contains("VIOLATION in seed "))
    #expect(outcome.output.contains("made small:"))
  }

  @Test(
    "ends with 64 for what it does not understand",
    arguments: [
      ["--seeds", "5"], ["--seeds", "9..3"], ["--seeds", "1...3"], ["--faults", "crsh"], ["--mutant", "local"],
      ["--replay", "x"], ["--replay", "7", "--mutant", "all"],
    ])
  func usage(_ arguments: [String]) throws {
    let outcome = try Program.Running(["simulate"] + arguments).end()
    #expect(outcome.code == 64)
    #expect(outcome.errorLines.count == 1 && outcome.errors.contains(" Try: "))
  }
}
