import Testing

@testable import LinkCommands

@Suite("The command line")
struct CommandParserTests {
  private static let copy = CommandDefinition(
    name: "file copy", summary: "", about: "",
    options: [
      .value("--to", "FILE", ""), .value("-X", "NAME=VALUE", repeatable: true, ""), .flag("--json", ""),
    ],
    operands: [.required("FILE")], examples: [], exitCodes: []
  ) { _ throws(CommandFailure) in .ok }

  private func parse(_ arguments: String...) throws(CommandFailure) -> Invocation {
    let request = try CommandParser(commands: [Self.copy], environment: ["A": "b"]).parse(arguments)
    guard case .run(let invocation) = request else { throw CommandFailure(.ok, .init("", "", "no run", hint: "")) }
    return invocation
  }

  private func failure(_ arguments: String...) -> String {
    do {
      _ = try CommandParser(commands: [Self.copy], environment: [:]).parse(arguments)
      return ""
    } catch {
      #expect(error.exitCode == .usage)
      return error.lines.map(\.description).joined(separator: "\n")
    }
  }

  @Test("takes values after their option, after = and attached to a letter")
  func values() throws {
    let invocation = try parse("file", "copy", "--to=a=b", "-X", "c=d", "-Xe=f", "--json", "source")
    #expect(invocation.value("--to") == "a=b")
    #expect(invocation.all("-X") == ["c=d", "e=f"])
    #expect(invocation.isSet("--json"))
    #expect(invocation.operands == ["source"])
    #expect(invocation.environment == ["A": "b"])
  }

  @Test("takes everything after -- and a lone dash as operands")
  func operands() throws {
    #expect(try parse("file", "copy", "--", "--json").operands == ["--json"])
    #expect(try parse("file", "copy", "-").operands == ["-"])
    #expect(try parse("file", "copy", "--to", "--", "a").value("--to") == "--")
  }

  @Test("says what it does not understand, and never a value")
  func failures() {
    #expect(failure() == "linkworker: command line: no command given. Try: linkworker --help")
    #expect(
      failure("fiel", "copy")
        == #"linkworker: command line: "fiel": no such command; did you mean file? Try: file"#)
    #expect(failure("file") == "linkworker: command line: file: needs one of copy. Try: linkworker help file")
    #expect(
      failure("file", "cop") == #"linkworker: command line: file "cop": no such command; did you mean copy? Try: copy"#)
    #expect(failure("file", "move") == #"linkworker: command line: file "move": no such command. Try: copy"#)
    #expect(
      failure("file", "copy", "--too=c4nary", "a")
        == #"linkworker: command line: "--too": no such option of file copy; did you mean --to? Try: --to"#)
    #expect(
      failure("file", "copy", "-Zc4nary", "a")
        == #"linkworker: command line: "-Z": no such option of file copy; did you mean -X? Try: -X"#)
    #expect(
      failure("file", "copy", "--json=c4nary", "a")
        == "linkworker: command line: --json: takes no value. Try: --json")
    #expect(
      failure("file", "copy", "--to", "a", "--to", "b", "c")
        == "linkworker: command line: --to: stands there twice. Try: keep one of the two")
    #expect(failure("file", "copy", "--to") == "linkworker: command line: --to: needs a value. Try: --to FILE")
    #expect(
      failure("file", "copy") == "linkworker: command line: file copy: needs FILE. Try: linkworker help file copy")
    #expect(
      failure("file", "copy", "a", "b\n")
        == #"linkworker: command line: "b\n": is one argument too many. Try: linkworker help file copy"#)
    #expect(
      failure("--hlep") == #"linkworker: command line: "--hlep": no such option; did you mean --help? Try: --help"#)
  }

  @Test("takes help on help for help on the rest")
  func helpOnHelp() throws {
    func request(_ words: String...) throws -> CommandRequest {
      try CommandParser(commands: [Self.copy], environment: [:]).parse(words)
    }
    guard case .settings = try request("help", "help", "settings") else { throw Unlike() }
    guard case .overview = try request("help", "help") else { throw Unlike() }
    guard case .help(let commands) = try request("help", "help", "file", "copy"), commands.count == 1 else {
      throw Unlike()
    }
    guard case .catalogue = try request("help", "--json", "help") else { throw Unlike() }
    #expect(throws: CommandFailure.self) { try request("help", "help", "nothing") }
  }

  private struct Unlike: Error {}

  @Test("writes every failure on one line, whatever stands in it")
  func oneLine() {
    let line = CommandFailure.Line("a\nb", "c\u{1B}[2J", "d\u{2028}e", hint: "f\r")
    #expect(line.description == #"linkworker: a\nb: c\u001b[2J: d\u2028e. Try: f\r"#)
  }

  @Test("knows whole numbers and their range")
  func numbers() throws {
    #expect(try parse("file", "copy", "a").integer("--to", in: 1...5) == nil)
    #expect(try parse("file", "copy", "a", "--to", "5").integer("--to", in: 1...5) == 5)
    for text in ["0", "6", "-1", "x", "", "5 ", "٣", "99999999999999999999"] {
      let invocation = try parse("file", "copy", "a", "--to", text)
      #expect(throws: CommandFailure.self) { try invocation.integer("--to", in: 1...5) }
    }
  }

  @Test(
    "has a help page for every command, with every option and exit code",
    arguments: LinkCommandLine.commands.map(\.name))
  func help(name: String) throws {
    let command = try #require(LinkCommandLine.commands.first { $0.name == name })
    let page = CommandHelp.page(of: command)
    #expect(page.hasPrefix("usage: linkworker \(name)"))
    for option in command.allOptions {
      #expect(page.contains("  \(option.usage)\n"))
      #expect(option.meaning.hasSuffix("."), "\(option.name): end the meaning with a full stop")
    }
    for code in command.exitCodes { #expect(page.contains(code.meaning)) }
    #expect(page.split(separator: "\n").allSatisfy { $0.count <= 130 })
    for example in command.examples { #expect(example.hasPrefix("linkworker \(name)")) }
  }
}
