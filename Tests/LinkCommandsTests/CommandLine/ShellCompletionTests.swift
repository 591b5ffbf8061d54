import LinkTestSupport
import Testing

@testable import LinkCommands

@Suite("The completion in a shell on a terminal", .serialized)
struct ShellCompletionTests {
  private static let files = [
    "worker.properties", "with blank.properties", "credential", "store.txt", "store/", "requests.ndjson",
  ]

  @Test("Tab makes of a line what can only be meant", arguments: TerminalShell.Kind.allCases)
  func complete(kind: TerminalShell.Kind) throws {
    let shell = try TerminalShell(kind, files: Self.files)
    let path = try RunningProgram.linkworker
    for (typed, expected) in [
      ("linkworker top", "linkworker topics "),
      ("linkworker topics che", "linkworker topics check "),
      ("linkworker help topi", "linkworker help topics "),
      ("linkworker --ver", "linkworker --version "),
      ("linkworker run --conf", "linkworker run --config "),
      ("linkworker run --config wor", "linkworker run --config worker.properties "),
      ("linkworker run --config=wor", "linkworker run --config=worker.properties "),
      ("linkworker run --config with", "linkworker run --config with\\ blank.properties "),
      ("linkworker run -X log.l", "linkworker run -X log.level="),
      ("linkworker run -X log.level=d", "linkworker run -X log.level=debug "),
      ("linkworker run -Xlog.format=t", "linkworker run -Xlog.format=text "),
      ("linkworker run -X \"log.level=d", "linkworker run -X \"log.level=debug\" "),
      ("linkworker run -X kafka.socket.keep", "linkworker run -X kafka.socket.keepalive.enable="),
      ("linkworker run -X kafka.security.protocol=sasl_s", "linkworker run -X kafka.security.protocol=sasl_ssl "),
      ("linkworker run -X adapter.credential.file=cr", "linkworker run -X adapter.credential.file=credential "),
      // The file store.txt is no directory.
      ("linkworker run -X store.directory=sto", "linkworker run -X store.directory=store/"),
      ("linkworker completion z", "linkworker completion zsh "),
      ("linkworker man > req", "linkworker man > requests.ndjson "),
      ("LANG=C linkworker top", "LANG=C linkworker topics "),
      ("true && linkworker top", "true && linkworker topics "),
      ("\(path) top", "\(path) topics "),
    ] {
      let line = try shell.type(typed, .complete)
      #expect(line == expected)
    }
  }

  @Test(
    "Tab completes behind a command that runs another, where the shell knows such",
    arguments: [TerminalShell.Kind.bashWithPackage, .zsh])
  func behind(kind: TerminalShell.Kind) throws {
    let line = try TerminalShell(kind, files: Self.files).type("nice linkworker run --config=wor", .complete)
    #expect(line == "nice linkworker run --config=worker.properties ")
  }

  @Test(
    "Tab leaves a line as it is where only the user knows", arguments: [TerminalShell.Kind.bash, .zsh])
  func free(kind: TerminalShell.Kind) throws {
    let shell = try TerminalShell(kind, files: Self.files)
    for typed in [
      "linkworker sandbox --seed ", "linkworker topics check --json --js", "linkworker nonsense ",
      "linkworker man --help x",
      "linkworker run -X adapter.concurrency=", "linkworker run -X kafka.ssl.key.passw",
    ] {
      let line = try shell.type(typed, .complete)
      #expect(line == typed)
    }
  }

  @Test("Everything that can stand somewhere is offered", arguments: [TerminalShell.Kind.bash, .zsh])
  func offers(kind: TerminalShell.Kind) throws {
    let shell = try TerminalShell(kind, files: Self.files)
    let topics = try #require(LinkCommandLine.commands.first { $0.name == "topics create" })
    let firstWords = Set(LinkCommandLine.commands.map { String($0.name.prefix { $0 != " " }) })
    let secondWords = Set(
      LinkCommandLine.commands.compactMap { $0.name.hasPrefix("topics ") ? String($0.name.dropFirst(7)) : nil })
    for (typed, offered) in [
      ("linkworker ", firstWords.union(["help"])),
      ("linkworker help ", firstWords.union(["settings", "metrics"])),
      ("linkworker topics ", secondWords.union(["--help"])),
      ("linkworker completion ", ["bash", "zsh"]),
      ("linkworker topics create --", Set(topics.allOptions.map(\.name)).subtracting(["-X"]).union(["--help"])),
    ] as [(String, Set<String>)] {
      let line = try shell.type(typed, .insertAll)
      let fixed = typed.split(separator: " ").filter { $0 != "--" }.count
      #expect(Set(line.split(separator: " ").dropFirst(fixed).map(String.init)) == offered)
    }
  }
}
