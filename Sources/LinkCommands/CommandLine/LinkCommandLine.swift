import Glibc

/// The program: everything between the command line and the exit code.
public enum LinkCommandLine {
  /// Every command, in the order of the help.
  static let commands: [CommandDefinition] = [
    RunCommand.definition, SandboxCommand.definition, TopicsCommand.create, TopicsCommand.check,
    AdapterEmulatorCommand.definition, SimulateCommand.definition,
  ]

  /// Does what `arguments` (the program's name first) ask for and returns the exit code. A pipe whose reader has gone is no reason to
  /// die: SIGPIPE is ignored from here on.
  public static func main(arguments: [String], environment: [String: String]) -> Int32 {
    signal(SIGPIPE, SIG_IGN)
    let console = Console()
    do {
      return try run(Array(arguments.dropFirst()), environment, console).rawValue
    } catch {
      console.report(error)
      return error.exitCode.rawValue
    }
  }

  private static func run(
    _ arguments: [String], _ environment: [String: String], _ console: Console
  ) throws(CommandFailure) -> ExitCode {
    switch try CommandParser(commands: commands, environment: environment).parse(arguments) {
    case .version:
      console.print("linkworker \(Version.current)")
      return .ok
    case .settings:
      console.print(SettingTable.markdown())
      return .ok
    case .help(let topics):
      let isEverything = topics.count == commands.count
      console.print(
        isEverything
          ? CommandHelp.overview(commands) : topics.map { CommandHelp.page(of: $0) }.joined(separator: "\n"))
      return .ok
    case .run(let invocation):
      return try invocation.command.body(invocation)
    }
  }
}

/// The program's version.
public enum Version {
  /// Semantic: what clients see changes with the first number.
  public static let current = "0.1.0"
}
