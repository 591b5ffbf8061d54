import Foundation
import LinkCore
import Testing

@testable import LinkCommands

@Suite("The help for people and for programs")
struct CatalogueTests {
  @Test("help --json says of every command, on a line each, what its definition says")
  func catalogue() throws {
    let outcome = try Program.run("help", "--json")
    #expect(outcome.code == 0 && outcome.errors.isEmpty)
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.count == LinkCommandLine.commands.count)
    for (line, command) in zip(lines, LinkCommandLine.commands) {
      let json = try JSONValue(parsing: Array(line.utf8))
      #expect(json["name"]?.text?.string == command.name)
      #expect(json["group"]?.text?.string == command.group.rawValue)
      #expect(json["usage"]?.text?.string == "linkworker \(command.synopsis)")
      #expect(json["readyText"]?.text?.string == command.readyText)
      #expect(json["options"]?.children.map { $0["name"]?.text?.string } == command.allOptions.map(\.name))
      #expect(json["operands"]?.children.map { $0["name"]?.text?.string } == command.operands.map(\.name))
      #expect(json["examples"]?.children.map { $0.text?.string } == command.examples)
      #expect(
        json["exitCodes"]?.children.map { $0["code"]?.integer } == command.allExitCodes.map { Int64($0.rawValue) })
      #expect(json["settings"].map { Array($0.children).isEmpty } == (command.settings == nil))
    }
  }

  @Test("help COMMAND --json says it of the commands that the help is about")
  func some() throws {
    let topics = LinkCommandLine.commands.filter { $0.name.hasPrefix("topics ") }.map { $0.json + "\n" }
    #expect(topics.count > 1)
    #expect(try Program.run("help", "--json", "topics").output == topics.joined())
    #expect(try Program.run("help", "topics", "check", "--json").output.hasPrefix(#"{"name":"topics check","#))
    for arguments in [
      ["help", "rnu", "--json"], ["help", "--jsn"], ["help", "settings", "--json"], ["help", "metrics", "--json"],
    ] {
      #expect(try Program.Running(arguments).end().code == 64)
    }
  }

  @Test("the overview has each command once, under the heading of its group")
  func groups() {
    let overview = CommandHelp.overview(LinkCommandLine.commands)
    for command in LinkCommandLine.commands {
      let start = overview.range(of: "\(command.group.title):\n")
      let section = start.map { overview[$0.upperBound...].components(separatedBy: "\n\n")[0] }
      #expect(section?.contains("  \(command.name) ") == true)
      #expect(overview.ranges(of: "\n  \(command.name) ").count == 1)
    }
    #expect(overview.split(separator: "\n").allSatisfy { $0.count <= 100 }, "an overview fits 100 columns")
  }

  @Test("every page fits 100 columns, but for examples to be copied", arguments: LinkCommandLine.commands.map(\.name))
  func width(name: String) throws {
    let command = try #require(LinkCommandLine.commands.first { $0.name == name })
    for line in CommandHelp.page(of: command).split(separator: "\n") where line.count > 100 {
      #expect(command.examples.contains { line == "  \($0)" }, "\(line)")
    }
    #expect(command.summary.hasSuffix(".") && command.about.hasSuffix("."), "end them with a full stop")
    #expect(!command.examples.isEmpty, "\(name): give it an example")
  }
}
