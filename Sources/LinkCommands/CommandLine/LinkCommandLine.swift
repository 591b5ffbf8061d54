import Glibc
import LinkKafka
import LinkOps

/// The program: everything between the command line and the exit code.
public enum LinkCommandLine {
  /// Every command, in the order of the help.
  static let commands: [CommandDefinition] = [
    RunCommand.definition, SandboxCommand.definition, TopicsCommand.create, TopicsCommand.check,
    ConfigCommand.list, ConfigCommand.check, ConfigCommand.example, ProbeCommand.definition,
    AdapterEmulatorCommand.definition, ValidateCommand.definition, SubmitCommand.definition, LinksCommand.list,
    LinksCommand.show,
    LinksCommand.stats, ReplayCommand.definition, DeadLettersCommand.list, DeadLettersCommand.show,
    ResubmitCommand.definition, AuditCommand.definition,
    SimulateCommand.definition, CompletionCommand.definition, ManCommand.definition,
  ]

  /// Does what `arguments` (the program's name first) ask for and returns the exit code, which is not 0 where results were lost. A pipe whose reader has
  /// gone is no reason to die: SIGPIPE is ignored from here on.
  public static func main(arguments: [UnsafePointer<CChar>], environment: [String: String]) -> Int32 {
    signal(SIGPIPE, SIG_IGN)
    let console = Console()
    var code: ExitCode
    do {
      code = try run(words(arguments.dropFirst()), environment, console)
    } catch {
      console.report(error)
      code = error.exitCode
    }
    if let loss = console.loss.failure {
      console.report(loss)
      if code == .ok { code = loss.exitCode }
    }
    return code.rawValue
  }

  /// The arguments as text. What is not UTF-8 is refused: repaired, it would be another name than the one that was typed.
  private static func words(_ arguments: ArraySlice<UnsafePointer<CChar>>) throws(CommandFailure) -> [String] {
    var words: [String] = []
    for argument in arguments {
      guard let word = String(validatingCString: argument) else {
        // What it says is not repeated: it may be a secret.
        throw .usage(
          "argument \(words.count + 1)", "is not UTF-8", hint: "a terminal and a locale of UTF-8, as in LC_ALL=C.UTF-8")
      }
      words.append(word)
    }
    return words
  }

  private static func run(
    _ arguments: [String], _ environment: [String: String], _ console: Console
  ) throws(CommandFailure) -> ExitCode {
    if arguments.first == Completion.request {
      console.write(complete(Array(arguments.dropFirst())))
      return .ok
    }
    switch try CommandParser(commands: commands, environment: environment).parse(arguments) {
    case .version:
      console.print("linkworker \(Version.current)")
      return .ok
    case .settings:
      console.write(SettingTable.markdown())
      return .ok
    case .metrics:
      console.write(MetricTable.markdown())
      return .ok
    case .overview:
      console.write(CommandHelp.overview(commands))
      return .ok
    case .help(let topics):
      console.write(topics.map { CommandHelp.page(of: $0) }.joined(separator: "\n\n"))
      return .ok
    case .catalogue(let topics):
      for topic in topics { console.print(topic.json) }
      return .ok
    case .run(var invocation):
      // What is lost of it is known here.
      invocation.console = console
      return try invocation.command.body(invocation)
    }
  }

  /// What can stand for the last of these words, for a shell's script.
  private static func complete(_ words: [String]) -> String {
    let settings = SettingCompletion(libraryProperties: KafkaProperties.libraryProperties)
    return Completion(commands: commands, settings: settings).answer(words).lines.map { $0 + "\n" }.joined()
  }
}

/// The program's version.
public enum Version {
  /// Semantic: what clients see changes with the first number.
  public static let current = "0.1.0"
  /// The day of its last change to the command line, for the manual page.
  public static let date = "2026-11-24"
}
